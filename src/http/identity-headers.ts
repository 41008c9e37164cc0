import { emailOf, type Person } from '../domain/person.ts'

/**
 * The headers that tell an app behind a proxy who is logged in. All of them are always there, even if empty: in place of a header that is missing, some releases
 * of Caddy pass on the name of their placeholder.
 */
export const identityHeaders = ({ sub, name, groups }: Pick<Person, 'sub' | 'name' | 'groups'>, emailDomain: string): Readonly<Record<string, string>> => ({
  'remote-user': sub,
  'remote-name': encodeURIComponent(name ?? ''), // a header is ASCII, and each program reads other bytes in its own way
  'remote-email': emailOf(sub, emailDomain),
  'remote-groups': groups.join(','),
})
