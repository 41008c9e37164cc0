/** The README's proxies with TLS, and with faults in them, in front of a service. */
import type { Test } from 'tap'
import { runProxy } from './proxies.ts'
import { readProxyFile, replace, wraps, type ProxyAddresses, type ProxyKind } from './proxy-files.ts'

export type Edits = readonly (readonly [part: string | RegExp, by: string])[]

/** Where each file listens and has its certificate. */
const listening: Readonly<Record<ProxyKind, (addresses: ProxyAddresses, pem: string) => readonly [part: string | RegExp, by: string]>> = {
  nginx: ({ listen }, pem) => ['listen 443', `ssl_certificate ${pem};\n    ssl_certificate_key ${pem};\n    listen ${listen}`],
  haproxy: ({ listen }, pem) => ['bind :443 ssl crt /etc/haproxy/login.example.com.pem', `bind ${listen} ssl crt ${pem}`],
  caddy: ({ listen }, pem) => ['login.example.com {', `https://${listen} {\n\ttls ${pem} ${pem}`],
  squid: ({ listen }, pem) => [/https_port 443 tls-cert=\S+/, `https_port ${listen} tls-cert=${pem}`],
}

/** Starts one with the edits made in the README's file. */
export const startEncryptingProxy = async (t: Test, kind: ProxyKind, addresses: ProxyAddresses, pem: string, edits: Edits = []): Promise<void> => {
  const { listen, upstream } = addresses
  const [host = ''] = listen.split(':')
  const edited = edits.reduce((text, [part, by]) => replace(text, part, by), readProxyFile(kind))
  const file = replace(edited, ...listening[kind](addresses, pem)).replaceAll('127.0.0.1:3000', upstream).replaceAll('127.0.0.1 parent 3000', upstream.replace(':', ' parent ')).replaceAll('login.example.com', host)
  await runProxy(t, kind, addresses, (folder) => {
    const config = wraps[kind](file, folder, addresses)
    return kind === 'caddy' ? replace(config, 'admin off', `admin off\n\tdefault_sni ${host}`) : config // clients name no address
  })
}
