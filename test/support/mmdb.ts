/** Small databases of places in MaxMind's format (MaxMind DB 2.0, maxmind.github.io/MaxMind-DB). Written from that specification alone. */
import { isIP } from 'node:net'

export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue }

export interface MmdbOptions {
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
  readonly databaseType?: string
}

/** What a record of the tree holds: a node, a value's offset in the data section, or nothing. */
type TreeRecord = TreeNode | number | undefined
interface TreeNode { left: TreeRecord, right: TreeRecord }

/** Builds a database of networks, each as `203.0.113.0/24`. A network has to come before those inside it. */
export const buildMmdb = (networks: Readonly<Record<string, MmdbValue>>, { ipVersion = 6, recordSize = 28, databaseType = 'Test-City' }: MmdbOptions = {}): Buffer => {
  const root: TreeNode = { left: undefined, right: undefined }
  let data = Buffer.alloc(0)
  for (const [network, value] of Object.entries(networks)) {
    insert(root, bitsOf(network, ipVersion), data.length)
    data = Buffer.concat([data, encode(value)])
  }
  const nodes = [root]
  for (const { left, right } of nodes) nodes.push(...[left, right].filter((record) => typeof record === 'object')) // grows during the loop
  const numberOf = new Map(nodes.map((node, i) => [node, i]))
  const valueOf = (record: TreeRecord): number => {
    if (record === undefined) return nodes.length
    return typeof record === 'number' ? nodes.length + 16 + record : numberOf.get(record) ?? NaN
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: databaseType,
    description: { en: 'for tests' },
    ip_version: ipVersion,
    languages: ['en', 'zh-CN'],
    node_count: nodes.length,
    record_size: recordSize,
  })
  const tree = nodes.map(({ left, right }) => encodeNode(valueOf(left), valueOf(right), recordSize))
  return Buffer.concat([...tree, Buffer.alloc(16), data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

/** Returns a network's bits. A tree for IPv6 holds IPv4 below ::/96. */
const bitsOf = (network: string, ipVersion: 4 | 6): string => {
  const [address = '', length = ''] = network.split('/')
  if (isIP(address) === 4) {
    const bits = address.split('.').map((part) => Number(part).toString(2).padStart(8, '0')).join('').slice(0, Number(length))
    return ipVersion === 6 ? '0'.repeat(96) + bits : bits
  }
  const [front = '', back = ''] = address.split('::')
  const [before, after] = [front, back].map((part) => part.split(':').filter((group) => group !== '')) as [string[], string[]] // two in, two out
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return groups.map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('').slice(0, Number(length))
}

const insert = (root: TreeNode, bits: string, value: number): void => {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const side = bit === '0' ? 'left' : 'right'
    const next = node[side]
    const below = typeof next === 'object' ? next : { left: next, right: next } // addresses around a smaller network keep the larger network's value
    node[side] = below
    node = below
  }
  node[bits.endsWith('0') ? 'left' : 'right'] = value
}

const encodeNode = (left: number, right: number, recordSize: number): Buffer => {
  const node = Buffer.alloc(recordSize / 4)
  if (recordSize === 28) {
    node.writeUIntBE(left & 0xff_ffff, 0, 3)
    node.writeUInt8(((left >>> 24) << 4) | (right >>> 24), 3) // the middle byte has the highest bits of both
    node.writeUIntBE(right & 0xff_ffff, 4, 3)
    return node
  }
  node.writeUIntBE(left, 0, recordSize / 8)
  node.writeUIntBE(right, recordSize / 8, recordSize / 8)
  return node
}

const types = { string: 2, uint32: 6, map: 7, array: 11, boolean: 14 } as const

const encode = (value: MmdbValue): Buffer => {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(types.string, bytes.length), bytes])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(types.uint32, 4), bytes])
  }
  if (typeof value === 'boolean') return control(types.boolean, value ? 1 : 0)
  if (Array.isArray(value)) return Buffer.concat([control(types.array, value.length), ...value.map(encode)])
  const entries = Object.entries(value)
  return Buffer.concat([control(types.map, entries.length), ...entries.flat().map(encode)])
}

/** Returns a control byte: the type in its upper three bits (above 7 in a second byte), the size in its lower five, with further bytes for a long one. */
const control = (type: number, size: number): Buffer => {
  const [short, rest] = size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 0xff]]
  return Buffer.from([type > 7 ? short : (type << 5) | short, ...(type > 7 ? [type - 7] : []), ...rest])
}

/** Returns a part of a record, as GeoLite2 writes it. */
export const named = (en: string, zh: string, more: Readonly<Record<string, MmdbValue>> = {}): MmdbValue => ({ ...more, names: { en, 'zh-CN': zh } })

const china = named('China', '中国', { iso_code: 'CN' })

/** Places in each address range that is reserved for examples. */
export const exampleNetworks: Readonly<Record<string, MmdbValue>> = {
  '203.0.113.0/24': { country: china, subdivisions: [named('Shanghai', '上海市', { iso_code: 'SH' })], city: named('Shanghai', '上海') },
  '203.0.113.128/25': { country: china, subdivisions: [named('Guangdong', '广东', { iso_code: 'GD' })], city: named('Shenzhen', '深圳') },
  '198.51.100.0/24': { country: named('United States', '美国', { iso_code: 'US' }), subdivisions: [named('California', '加利福尼亚州')], city: named('San Jose', '圣何塞') },
  '192.0.2.0/24': { country: { iso_code: 'DE' } },
  '2001:db8::/32': { country: china, subdivisions: [named('Beijing', '北京市')], city: named('Beijing', '北京') },
  '2001:db8:1::/48': { country: named('Japan', '日本', { iso_code: 'JP' }), city: { names: { en: 'Osaka' } } },
}
