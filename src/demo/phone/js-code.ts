/** Gets a person's js_code for `wx.login` from the demo server. Rejects if the phone is offline or the server refuses. */
export const askJsCode = async (person: string, isOnline: boolean): Promise<string> => {
  if (!isOnline) throw new Error('the phone is offline')
  const response = await fetch('js-code', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ person }),
  })
  if (!response.ok) throw new Error(`the demo server answered ${response.status} instead of a js_code`)
  const { js_code: jsCode } = await response.json() as { js_code: string } // the demo server's own answer
  return jsCode
}
