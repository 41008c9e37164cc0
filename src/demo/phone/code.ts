/** Owns what the text of a code means to WeChat: a page of the mini program and its query. Whether that page exists is the mini program's business. */
import type { LaunchOptions } from '../runtime/host.ts'
import { routeOf } from '../runtime/route.ts'

const pagePath = /^\/?pages(?:\/[\w-]+)+(?:\?[^#\s]*)?$/

/** How the mini program is to be opened by a code, or undefined where the text isn't of this mini program. Values stay percent-encoded. */
export const launchOf = (text: string, scene: number): LaunchOptions | undefined =>
  pagePath.test(text) ? { ...routeOf(text, ''), scene } : undefined
