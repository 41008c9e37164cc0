/** The body of getwxacodeunlimit, checked in WeChat's order: types, scene, reserved names, arguments, page. */
import { checkTypes, type Body } from './body.ts'
import { ErrcodeError } from './errors.ts'

export interface CodeRequest {
  readonly scene: string
  readonly page: string
  readonly width: number
}

const types = {
  scene: 'string',
  page: 'string',
  env_version: 'string',
  check_path: 'boolean',
  width: 'number',
  auto_color: 'boolean',
  is_hyaline: 'boolean',
  line_color: 'object',
}

const sceneForm = /^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+$/

/** Reads the body of a call. Throws 47001, 40169, 40129, 85096, 40097 or 41030. `pages` are those of the published version. */
export const readCodeRequest = (body: Body, pages: readonly string[]): CodeRequest => {
  checkTypes(body, types)
  const { scene = '', page = '', env_version: envVersion = 'release', check_path: checkPath = true, width = 430 } = body as {
    scene?: string, page?: string, env_version?: string, check_path?: boolean, width?: number
  }
  if (scene.length < 1 || scene.length > 32) throw new ErrcodeError(40169)
  if (!sceneForm.test(scene)) throw new ErrcodeError(40129)
  if (page.includes('scancode_time')) throw new ErrcodeError(85096)
  if (!['release', 'trial', 'develop'].includes(envVersion)) throw new ErrcodeError(40097)
  if (!Number.isInteger(width) || width < 280 || width > 1280) throw new ErrcodeError(40097)
  if (page.startsWith('/') || page.includes('?')) throw new ErrcodeError(41030)
  if (checkPath && page !== '' && !pages.includes(page)) throw new ErrcodeError(41030)
  // An unpublished mini program lacks the home page, too.
  if (checkPath && pages.length === 0) throw new ErrcodeError(41030)
  return { scene, page: page || 'pages/index/index', width }
}
