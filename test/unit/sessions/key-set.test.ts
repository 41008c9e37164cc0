import t from 'tap'
import { generateKeys } from '../../../src/sessions/key-set.ts'

await t.test('keys: they differ each time they are generated, and have none of the OpenID Provider\'s', async (t) => {
  const [one, other] = [generateKeys(), generateKeys()]
  t.not(one.signing[0].kid, other.signing[0].kid)
  t.equal(one.provider, null, 'these take long to make')
})
