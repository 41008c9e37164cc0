/** Owns what `wx.login` gives: the demo server makes a person's js_code as WeChat would. */

/** Rejects while the phone is offline, and where the server gives none. */
export const askJsCode = async (person: string, isOnline: boolean): Promise<string> => {
  if (!isOnline) throw new Error('the phone is offline')
  const response = await fetch('js-code', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ person }),
  })
  if (!response.ok) throw new Error(`the demo server gave no js_code but ${response.status}`)
  const { js_code: jsCode } = await response.json() as { js_code: string } // the demo server's own answer
  return jsCode
}
