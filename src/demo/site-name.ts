/** The made-up site's name, as the service knows it. The windows of the demo say it in their own language. */
export const siteName = 'Island Notes'
