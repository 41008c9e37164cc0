import type { Static } from '@fastify/type-provider-typebox'
import type { Names, Session } from '../login/ports.ts'
import type { AccessTokens } from './access-tokens.ts'
import type * as schemas from './schemas.ts'
import type { User } from './wire.ts'

/** The person of a session, with their present name. */
export const userOf = async (session: Session, names: Names): Promise<User> =>
  ({ sub: session.sub, name: await names.nameOf(session.sub) })

/** Issues a token for a session, as the body of an answer. */
export const tokenAnswer = (session: Session, user: User, tokens: AccessTokens): Static<typeof schemas.Token> => {
  const { token, expiresIn } = tokens.issue(session)
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, user }
}
