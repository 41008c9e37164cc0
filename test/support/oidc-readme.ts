/** What the README of the apps says of each app, made from what the command prints. */
import { clientOf } from '../../src/oidc/client-entry.ts'
import { presets, type AppName } from '../../src/oidc/presets/presets.ts'
import { setupValues, type SetupLanguage } from '../../src/oidc/setup-text.ts'
import { giteaEntry } from './oidc-clients.ts'

const words = {
  en: { run: 'from the app\'s documents', at: (label: string) => `At ${label}`, back: 'Redirect URIs', out: 'After a logout', told: 'Hears of logouts at', waits: (seconds: number) => `It waits ${seconds} s for a login.`, claims: 'Claims', secret: '<the secret>', end: '.' },
  zh: { run: '依据应用的文档', at: (label: string) => `在 ${label} 里`, back: '回调地址', out: '退出登录之后', told: '在这里收到退出登录的通知', waits: (seconds: number) => `一次登录最多等 ${seconds} 秒。`, claims: '声明', secret: '<密钥>', end: '。' },
} as const

/** The redirect URI of an app of which each installation has another. */
const ownUri = (app: AppName, url: string): string => app === 'wikijs' ? `${url}/login/5f0e3a9c-7d21-4e0b-9a51-0c2d7b1f6e33/callback` : `${url}/callback`

const code = (texts: readonly string[], language: SetupLanguage): string => texts.map((text) => `\`${text}\``).join(language === 'en' ? ', ' : '、')

/** Writes the section of an app, from its heading on. */
export const appSection = (app: AppName, language: SetupLanguage): string => {
  const { label, setup, redirectPaths } = presets[app]
  const says = words[language]
  const url = `https://${app}.example.com`
  const given = redirectPaths.length > 0 ? [] : [ownUri(app, url)]
  const client = clientOf({ ...giteaEntry, app, client_id: app, url, ...given.length > 0 && { redirect_uris: given } }, null)
  const claims = [...Object.entries(client.claims).map(([name, source]) => `${name} = ${source}`), ...client.emailVerified === null ? [] : [`email_verified = ${client.emailVerified}`]]
  const facts = [
    ...given.length > 0 ? [] : [`${says.back}: ${code(client.redirectUris, language)}${says.end}`],
    ...client.postLogoutRedirectUris.length > 0 ? [`${says.out}: ${code(client.postLogoutRedirectUris, language)}${says.end}`] : [],
    ...client.backchannelLogoutUri !== null ? [`${says.told}: ${code([client.backchannelLogoutUri], language)}${says.end}`] : [],
    ...claims.length > 0 ? [`${says.claims}: ${code(claims, language)}${says.end}`] : [],
    ...client.loginSeconds !== null ? [says.waits(client.loginSeconds)] : [],
  ].map((fact) => language === 'zh' ? fact.replace(': ', '：') : fact)
  const parts = setup(setupValues(client, 'https://login.example.com', says.secret)).map((part) => {
    if ('fields' in part) return `| | |\n|---|---|\n${part.fields.map(([field, value]) => `| ${field} | \`${value}\` |\n`).join('')}`
    return 'lines' in part ? `\`\`\`\n${part.lines.map((line) => `${line}\n`).join('')}\`\`\`\n` : `${part[language]}\n`
  })
  const command = `npm run clients -- add ${app === 'generic' ? `generic ${url} --id generic` : `${app} ${url}`}${given.map((uri) => ` --redirect-uri '${uri}'`).join('')}`
  return [`### ${label}\n`, `\`\`\`\n${command}\n\`\`\`\n`, ...facts.length > 0 ? [`${facts.join(language === 'en' ? ' ' : '')}\n`] : [], `${says.at(label)} (${says.run}):\n`.replace(/^(.*) \((.*)\):/, language === 'zh' ? '$1（$2）：' : '$1 ($2):'), ...parts].join('\n')
}
