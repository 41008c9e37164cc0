/** Owns the question whether the phone that would scan is the one that shows the code. */

/** `wechat`: WeChat's own browser on a phone, where a long press reads the code; `phone`: any other browser there; `computer`: all else, tablets too. @typedef {'computer' | 'phone' | 'wechat'} Device */

/** Reads what the browser says of itself; the service tells phones by the same words (src/domain/browser.ts). @param {string} userAgent @returns {Device} */
export const deviceOf = (userAgent) => {
  // Of WeChat on computers, too, it is the phone that scans; a tablet lies beside the phone.
  if (!/\bMobile\b|\bPhone\b/.test(userAgent) || /\b(?:iPad|Tablet|WindowsWechat|MacWechat)\b/.test(userAgent)) return 'computer'
  return /\bMicroMessenger\//.test(userAgent) ? 'wechat' : 'phone'
}
