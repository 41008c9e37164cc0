/** The device that shows the code. `wechat`: WeChat's own browser on a phone, where a long press reads the code; `phone`: any other browser on a phone; `computer`: all else, tablets too. @typedef {'computer' | 'phone' | 'wechat'} Device */

/** The service recognises phones by the same words (src/domain/browser.ts). @param {string} userAgent @returns {Device} */
export const deviceOf = (userAgent) => {
  // The visitor of WeChat on a computer scans with a phone, and so does one with a tablet.
  if (!/\bMobile\b|\bPhone\b/.test(userAgent) || /\b(?:iPad|Tablet|WindowsWechat|MacWechat)\b/.test(userAgent)) return 'computer'
  return /\bMicroMessenger\//.test(userAgent) ? 'wechat' : 'phone'
}
