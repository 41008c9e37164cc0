/** Hostile bodies: valid by a route's schema but for one thing, or wholly invalid. Made from schemas alone, without knowledge of routes. */
import { gzipSync } from 'node:zlib'
import fc, { type Arbitrary } from 'fast-check'

/** The part of a JSON schema that bodies are made from. */
export interface Schema {
  readonly type?: string
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
}

/** JSON as text, since it can say more than values can: duplicate keys, numbers out of range, lone surrogates. */
const oddValues = fc.oneof(
  fc.constantFrom('null', 'true', '0', '-0', '1e999', '-1e999', '1e-999', '9'.repeat(400), '0.1e+1', '[]', '{}', '""', '["10"]', '[[[[[[]]]]]]', '{"length":1}', '{"toString":1,"valueOf":1}',
    '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\u202e"', '"__proto__"', '"//evil.example"', '"javascript:alert(1)"', '"/%0d%0aSet-Cookie:a=b"', `"${'x'.repeat(5000)}"`),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text)),
)

/** Values that are mostly valid for a member of this name. */
const rightValues = (name: string, schema: Schema): Arbitrary<string> => {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((of) => rightValues(name, of)))
  if (schema.type === 'null') return fc.constant('null')
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(name in placeholders ? `"${placeholders[name]}"` : '"/me"') },
    { weight: 1, arbitrary: fc.constantFrom('"x"', '"小明"', '"10"') },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)) },
  )
}

/** Values that are known only when a request is sent. */
const placeholders: Readonly<Record<string, string>> = { js_code: '{js_code}', match_code: '{number}' }

const oddKeys = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', '\\u005f_proto__', 'openid', 'sub', 'state', 'return_to', 'match_code', 'name', 'js_code', 'length', '0')

/** Objects by a schema, with members that are valid, invalid, missing, duplicate or unknown. */
const objects = (schema: Schema): Arbitrary<string> => {
  const known = Object.entries(schema.properties ?? {}).map(([name, of]) =>
    fc.oneof({ weight: 3, arbitrary: rightValues(name, of) }, { weight: 2, arbitrary: oddValues }).map((value) => [name, value] as const))
  const member = fc.oneof(...known, fc.tuple(oddKeys, oddValues))
  return fc.tuple(
    fc.tuple(...known.map((entry) => fc.option(entry, { freq: 6 }))),
    fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(member, { maxLength: 3 }) }),
  ).map(([own, more]) => `{${[...own.filter((entry) => entry !== null), ...more].map(([key, value]) => `"${key}":${value}`).join(',')}}`)
}

/** Changes to the bytes of a JSON text. */
const byteChanges: ReadonlyArray<(bytes: Buffer) => Buffer> = [
  (bytes) => bytes,
  (bytes) => bytes.subarray(0, bytes.length >> 1),
  (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  (bytes) => Buffer.from(bytes.toString(), 'utf16le'),
  (bytes) => Buffer.concat([bytes, Buffer.from([0])]),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes) => Buffer.from(bytes.toString('latin1').replace('"', '"\xff\xc0\xaf'), 'latin1'),
  (bytes) => gzipSync(bytes),
  (bytes) => Buffer.from(bytes.toString().replaceAll('"', '\'')),
]

/** Bodies for a route with this schema. `{js_code}` stands for a fresh js_code, `{number}` for the number on Hong's screen. */
export const bodiesFor = (schema: Schema | undefined): Arbitrary<Buffer> => fc.oneof(
  { weight: 6, arbitrary: objects(schema ?? {}).map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: fc.tuple(objects(schema ?? {}), fc.constantFrom(...byteChanges)).map(([text, change]) => change(Buffer.from(text))) },
  { weight: 2, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 2, arbitrary: oddValues.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('[', '{"a":'), fc.integer({ min: 1, max: 8000 })).map(([open, times]) => Buffer.from(open.repeat(times).slice(0, 16_000))) },
  { weight: 1, arbitrary: fc.integer({ min: 15_000, max: 17_500 }).map((size) => Buffer.from(`{"name":"${'x'.repeat(size)}"}`)) },
  { weight: 1, arbitrary: fc.constantFrom('name=x&js_code=x', '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--x--\r\n', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>').map((text) => Buffer.from(text)) },
)

export const mediaTypes: Arbitrary<string> = fc.oneof(
  fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-16', 'application/json; charset="utf-7"', 'application/json; charset=__proto__', 'Application/JSON', 'application/json\t', ' application/json',
    'application/json, text/plain', 'text/plain', 'text/plain;charset=UTF-8', 'multipart/form-data; boundary=x', 'multipart/form-data', 'application/x-www-form-urlencoded', 'application/problem+json', '*/*', '/', '', '__proto__', 'constructor',
    'application/json; a="', 'application/jsonx', `application/${'j'.repeat(2000)}`),
  fc.string({ maxLength: 20 }),
)
