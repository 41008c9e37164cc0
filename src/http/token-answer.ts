import type { Static } from '@fastify/type-provider-typebox'
import type { Person } from '../domain/person.ts'
import type { Session } from '../login/ports.ts'
import type { AccessTokens } from './access-tokens.ts'
import type * as schemas from './schemas.ts'
import type { User } from './wire.ts'

export const userOf = ({ sub, name }: Person): User => ({ sub, name })

/** Issues a token for a session, as the body of an answer. */
export const tokenAnswer = (session: Session, user: User, { groups }: Person, tokens: AccessTokens): Static<typeof schemas.Token> => {
  const { token, expiresIn } = tokens.issue(session, groups)
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, user }
}
