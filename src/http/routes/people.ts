/** What an owner's phone sees and decides of people. Signed like all calls of phones. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { isSecret } from '../../domain/ids.ts'
import { Problem } from '../../errors.ts'
import type { Login } from '../../login/login.ts'
import type { PersonRegister } from '../../login/people-port.ts'
import * as schemas from '../schemas.ts'
import { signerOf } from '../signer.ts'
import { personView } from '../wire.ts'

const pageSize = 50

export interface PeopleRouteDeps {
  readonly login: Login
  readonly people: PersonRegister
}

export const peopleRoutes = ({ login, people }: PeopleRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  // After the signature, and before what is in the call is looked at: whoever is no owner learns nothing of it.
  app.addHook('preValidation', (request, _reply, done) => {
    const { isOwner, state } = signerOf(request).person
    if (!isOwner || state !== 'active') throw new Problem('not-owner')
    done()
  })

  app.get('', {
    schema: { querystring: schemas.PeopleQuery, response: { 200: schemas.PeopleList, ...schemas.problems } },
  }, async (request) => {
    const { state = 'active', search, after = null } = request.query
    if (search !== undefined) {
      const found = await people.find(search)
      return { people: found.filter((person) => request.query.state === undefined || person.state === state).map(personView), next: null }
    }
    const { people: listed, next } = await people.list(state, { after, limit: pageSize })
    return { people: listed.map(personView), next }
  })

  const decide = (decision: Login['allowPerson'], path: string) => app.post(path, {
    schema: { params: schemas.PersonParams, response: { 200: schemas.PersonView, ...schemas.problems } },
  }, async (request) => {
    const { id } = request.params
    if (!isSecret(id)) throw new Problem('not-found')
    await decision({ sub: id, owner: signerOf(request).sub }, request.audit)
    const decided = await people.read(id)
    if (decided.state === 'unknown') throw new Problem('not-found') // they have deleted their data meanwhile
    return personView(decided)
  })
  decide(login.allowPerson, '/:id/allow')
  decide(login.blockPerson, '/:id/block')

  app.post('/:id/sign-out', {
    schema: { params: schemas.PersonParams, response: { 200: schemas.PersonView, ...schemas.problems } },
  }, async (request) => {
    const { id } = request.params
    const person = isSecret(id) ? await people.read(id) : undefined
    if (person === undefined || person.state === 'unknown') throw new Problem('not-found')
    // Of an owner themselves, all but the phone that asks, as with their own sign-out.
    const { sub, keyId } = signerOf(request)
    await login.signOutEverywhere({ sub: id, by: 'owner', exceptKeyId: id === sub ? keyId : null }, request.audit)
    return personView(person)
  })
}
