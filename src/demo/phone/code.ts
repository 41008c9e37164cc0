/** The text of a code as WeChat reads it: a page of the mini program and its query. The mini program decides whether that page exists. */
import type { LaunchOptions } from '../runtime/host.ts'
import { routeOf } from '../runtime/route.ts'

const pagePath = /^\/?pages(?:\/[\w-]+)+(?:\?[^#\s]*)?$/

/** Parses the text of a code; undefined if it is no page of a mini program. Values stay percent-encoded. */
export const launchOf = (text: string, scene: number): LaunchOptions | undefined =>
  pagePath.test(text) ? { ...routeOf(text, ''), scene } : undefined
