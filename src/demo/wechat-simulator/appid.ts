/** The demo's mini program, as the simulated WeChat and the simulated phone know it. */
export const appid = 'wx0123456789abcdef'
