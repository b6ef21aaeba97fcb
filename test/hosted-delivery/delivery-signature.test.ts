import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkDelivery } from '../../src/hosted-delivery/delivery-signature.ts'
import { signDelivery } from '../../src/index.ts'

const KEY = 'a signing key of an account'
const OTHER = 'another signing key'
const NOW = 1_800_000_000
const PATH = '/hash/083eb7b2-5392-4565-b69e-aff66acddd00/mobile'

/** As Cloudflare's documentation has sites do it: nothing of ours. */
const hmac = (text: string, key = KEY) => createHmac('sha256', key).update(text).digest('hex')

const check = (query: string, keys: readonly string[] = [KEY], nowMs = NOW * 1000) =>
  checkDelivery({ path: PATH, query }, keys, () => nowMs).verdict

describe('a signature', () => {
  test('covers path and query, and ends with exp', () => {
    const query = `exp=${NOW + 60}&sig=${hmac(`${PATH}?exp=${NOW + 60}`)}`
    expect(checkDelivery({ path: PATH, query }, [KEY], () => NOW * 1000)).toEqual({
      verdict: 'valid',
      expiresAt: new Date((NOW + 60) * 1000),
    })
    const at = (ms: number) => check(query, [KEY], ms)
    expect([at((NOW + 60) * 1000), at((NOW + 60) * 1000 + 1)]).toEqual(['valid', 'expired'])
  })

  test('of the path alone opens the path alone, for good', () => {
    expect(checkDelivery({ path: PATH, query: `sig=${hmac(PATH)}` }, [KEY], () => NOW * 1000)).toEqual({
      verdict: 'valid',
    })
    for (const query of [`exp=${NOW + 60}&sig=${hmac(PATH)}`, `x=1&sig=${hmac(PATH)}`]) {
      expect([query, check(query)]).toEqual([query, 'forged'])
    }
  })

  test('stands anywhere in the query; the rest keeps its order', () => {
    const rest = `a=1&exp=${NOW + 60}&b`
    const sig = `sig=${hmac(`${PATH}?${rest}`)}`
    expect(check(`${rest}&${sig}`)).toBe('valid')
    expect(check(`${sig}&${rest}`)).toBe('valid')
    expect(check(`a=1&${sig}&exp=${NOW + 60}&b`)).toBe('valid')
    expect(check(`exp=${NOW + 60}&a=1&b&${sig}`)).toBe('forged')
  })

  test('is of any of the keys', () => {
    const query = `sig=${hmac(PATH, OTHER)}`
    expect([check(query, [KEY, OTHER]), check(query, [OTHER, KEY])]).toEqual(['valid', 'valid'])
    expect([check(query), check(query, [])]).toEqual(['forged', 'forged'])
  })

  const valid = hmac(PATH)
  test.each([
    ['', 'missing'],
    [`exp=${NOW + 60}`, 'missing'],
    [`SIG=${valid}`, 'missing'],
    ['sig', 'forged'],
    ['sig=', 'forged'],
    [`sig=${valid.toUpperCase()}`, 'forged'],
    [`sig=${valid}0`, 'forged'],
    [`sig=${valid.slice(1)}`, 'forged'],
    [`sig=${valid}&sig=${valid}`, 'forged'],
    [`sig=x&sig=${valid}`, 'forged'],
    [`sig=${encodeURIComponent('ü').repeat(11)}`, 'forged'],
    [signed('exp=1e12'), 'forged'],
    [signed('exp'), 'forged'],
    [signed('exp=-1'), 'forged'],
    [signed(`exp=0${NOW + 60}`), 'forged'],
    [signed(`exp=${NOW + 60}&exp=${NOW - 60}`), 'forged'],
    [signed('exp=0'), 'expired'],
    [signed(`exp=${NOW - 1}`), 'expired'],
    [signed(`exp=${NOW}`), 'valid'],
    [`exp=${NOW - 1}&sig=${'0'.repeat(64)}`, 'forged'],
  ])('%s: %s', (query, verdict) => {
    expect(check(query)).toBe(verdict)
  })

  function signed(rest: string): string {
    return `${rest}&sig=${hmac(`${PATH}?${rest}`)}`
  }
})

describe('signDelivery', () => {
  test('signs as the documentation has it', () => {
    const exp = new Date((NOW + 60) * 1000 + 999)
    const expected = `?exp=${NOW + 60}&sig=${hmac(`${PATH}?exp=${NOW + 60}`)}`
    expect(signDelivery(PATH, KEY, { exp })).toBe(`${PATH}${expected}`)
    const mounted = `https://www.example.com/cdn-cgi/imagedelivery${PATH}`
    expect(signDelivery(mounted, KEY, { exp })).toBe(`${mounted}${expected}`)
    expect(signDelivery(PATH, KEY)).toBe(`${PATH}?sig=${hmac(PATH)}`)
    expect(signDelivery(`${PATH}?v=1`, KEY)).toBe(`${PATH}?v=1&sig=${hmac(`${PATH}?v=1`)}`)
  })

  test('signs what is sent: an id with characters that have to be encoded', () => {
    const path = '/hash/rot/caf%C3%A9%20100%25/public'
    expect(signDelivery('/hash/rot/café 100%25/public', KEY)).toBe(`${path}?sig=${hmac(path)}`)
  })

  test('does not sign twice', () => {
    for (const query of ['sig=1', 'exp=1', 'a&e%78p=2']) {
      expect(() => signDelivery(`${PATH}?${query}`, KEY)).toThrow(RangeError)
    }
  })

  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => {
    return !/^\.{1,2}$|\p{Cs}/u.test(text)
  })
  const urls = fc.record({
    id: segment.map(encodeURIComponent),
    query: fc.constantFrom('', '?v=1', '?a=%20&b'),
    seconds: fc.option(fc.integer({ min: 0, max: 10_000 })),
    key: fc.string({ unit: 'grapheme', minLength: 1 }),
  })

  test('what it signs is valid until it ends, and what is changed of it is not', () => {
    fc.assert(
      fc.property(urls, fc.nat(), fc.constantFrom('0', 'a', '/', '%', '&'), (asked, place, character) => {
        const { id, query, seconds, key } = asked
        const exp = seconds === null ? {} : { exp: new Date((NOW + seconds) * 1000) }
        const url = signDelivery(`/hash/${id}/public${query}`, key, exp)
        const verdict = (changed: string) => {
          const [path = '', ...rest] = changed.split('?')
          return checkDelivery({ path, query: rest.join('?') }, [key], () => NOW * 1000).verdict
        }
        expect(verdict(url)).toBe('valid')
        const at = place % url.length
        for (const changed of [
          `${url.slice(0, at)}${character}${url.slice(at + 1)}`,
          `${url.slice(0, at)}${character}${url.slice(at)}`,
          `${url.slice(0, at)}${url.slice(at + 1)}`,
        ]) {
          expect(verdict(changed) === 'valid' && meaning(changed) !== meaning(url), changed).toBe(false)
        }
      }),
    )
  })
})

/** What a signed URL says, whatever the place of its signature. */
function meaning(url: string): string {
  const [path = '', ...queries] = url.split('?')
  const parts = queries.join('?').split('&')
  const isSignature = (part: string) => part.startsWith('sig=')
  const rest = parts.filter((part) => !isSignature(part)).join('&')
  return JSON.stringify([path, rest, parts.filter(isSignature)])
}
