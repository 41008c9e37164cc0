export const paths = {
  stable_token: '/cgi-bin/stable_token',
  getwxacodeunlimit: '/wxa/getwxacodeunlimit',
  generate_urllink: '/wxa/generate_urllink',
  jscode2session: '/sns/jscode2session',
} as const

export type Endpoint = keyof typeof paths
