/** The apps that are known, by the name of the command and of `app` in the file. */
import { authjs } from './authjs.ts'
import { discourse } from './discourse.ts'
import { generic } from './generic.ts'
import { forgejo, gitea } from './gitea.ts'
import { grafana } from './grafana.ts'
import { halo } from './halo.ts'
import { memos } from './memos.ts'
import { minio } from './minio.ts'
import { newApi } from './new-api.ts'
import { nextcloud } from './nextcloud.ts'
import { oauth2Proxy } from './oauth2-proxy.ts'
import { openlist } from './openlist.ts'
import { outline } from './outline.ts'
import type { Preset } from './preset.ts'
import { spring } from './spring.ts'
import { wikijs } from './wikijs.ts'
import { wordpress } from './wordpress.ts'

export const appNames = [
  'gitea', 'forgejo', 'openlist', 'new-api', 'wordpress', 'halo', 'nextcloud', 'outline', 'wikijs', 'grafana', 'memos', 'discourse', 'oauth2-proxy', 'minio', 'spring', 'authjs', 'generic',
] as const

export type AppName = typeof appNames[number]

export const presets: Readonly<Record<AppName, Preset>> = {
  gitea, forgejo, openlist, 'new-api': newApi, wordpress, halo, nextcloud, outline, wikijs, grafana, memos, discourse, 'oauth2-proxy': oauth2Proxy, minio, spring, authjs, generic,
}
