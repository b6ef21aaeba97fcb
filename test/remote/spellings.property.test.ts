import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { isAllowedSource, parseAllowedSource } from '../../src/remote/allowed-sources.ts'
import { isPublicAddress } from '../../src/remote/public-address.ts'
import { assertFetchable } from '../../src/remote/rules.ts'

/** First and last addresses of networks that are not the public internet, as numbers; written down anew. */
const CLOSED: readonly (readonly [first: number, last: number])[] = [
  [0x00000000, 0x00ffffff],
  [0x0a000000, 0x0affffff],
  [0x64400000, 0x647fffff],
  [0x7f000000, 0x7fffffff],
  [0xa83f8110, 0xa83f8110],
  [0xa9fe0000, 0xa9feffff],
  [0xac100000, 0xac1fffff],
  [0xc0000000, 0xc00000ff],
  [0xc0000200, 0xc00002ff],
  [0xc01fc400, 0xc01fc4ff],
  [0xc034c100, 0xc034c1ff],
  [0xc0586300, 0xc05863ff],
  [0xc0a80000, 0xc0a8ffff],
  [0xc0af3000, 0xc0af30ff],
  [0xc6120000, 0xc613ffff],
  [0xc6336400, 0xc63364ff],
  [0xcb007100, 0xcb0071ff],
  [0xe0000000, 0xffffffff],
]

const edges = CLOSED.flatMap(([first, last]) => [first - 1, first, last, last + 1])
const address = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(...edges.filter((number) => number >= 0 && number <= 0xffffffff)),
)

const hex = (number: number) => number.toString(16)

/** Spellings of an address in a URL that all mean it. */
const SPELLINGS: readonly ((number: number) => string)[] = [
  (number) => `${number}`,
  (number) => `0x${hex(number)}`,
  (number) => `0${number.toString(8)}`,
  (number) => `${number >>> 24}.${number & 0xffffff}`,
  (number) => `0x${hex(number >>> 24)}.0${((number >>> 16) & 255).toString(8)}.${number & 0xffff}`,
]

/** Addresses of IPv6 that hold one of IPv4. */
const EMBEDDINGS: readonly ((high: string, low: string) => string)[] = [
  (high, low) => `::${high}:${low}`,
  (high, low) => `::ffff:${high}:${low}`,
  (high, low) => `::ffff:0:${high}:${low}`,
  (high, low) => `64:ff9b::${high}:${low}`,
  (high, low) => `64:ff9b:1::${high}:${low}`,
  (high, low) => `2002:${high}:${low}::1`,
  (high, low) => `2001:0:${high}:${low}::1`,
]

test('an address of IPv4 is judged by its number, however a URL spells it', () => {
  fc.assert(
    fc.property(address, fc.constantFrom(...SPELLINGS), (number, spell) => {
      const { hostname } = new URL(`http://${spell(number)}/`)
      const isClosed = CLOSED.some(([first, last]) => number >= first && number <= last)
      expect(isPublicAddress(hostname)).toBe(!isClosed)
    }),
    { numRuns: 2000 },
  )
})

test('no address of IPv6 that holds one of IPv4 is public, whatever it holds', () => {
  fc.assert(
    fc.property(address, fc.constantFrom(...EMBEDDINGS), (number, embed) => {
      const { hostname } = new URL(`http://[${embed(hex(number >>> 16), hex(number & 0xffff))}]/`)
      expect(isPublicAddress(hostname.slice(1, -1))).toBe(false)
    }),
  )
})

test('whatever a list or a URL says, nothing but our own errors is thrown', () => {
  const rules = { allowed: [], ownHosts: [] }
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' })), (text) => {
      const entry = parseAllowedSource(text)
      if (!URL.canParse(text)) return
      const url = new URL(text)
      if (entry !== undefined) isAllowedSource(url, [entry])
      expect(() => assertFetchable(url, rules, true)).toThrow(GatewayError)
    }),
  )
})

test('an entry that is a host allows that host, and no host that only looks like it', () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), (host, other) => {
      const entry = parseAllowedSource(host)
      const allows = (name: string) =>
        entry !== undefined && isAllowedSource(new URL(`https://${name}/`), [entry])
      expect(allows(host)).toBe(true)
      for (const name of [`x${host}`, `${host}.${other}`, `${other}.${host}`])
        expect(allows(name)).toBe(false)
    }),
  )
})
