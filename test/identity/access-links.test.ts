import { describe, expect, test } from 'vitest'
import {
  createAccessLinks,
  formatAccessCookie,
  formatAccessGrant,
  parseAccessCookie,
  parseAccessGrant,
} from '../../src/identity/access-links.ts'

const KEY = 'a key for tests, of 32 characters'
const NOW = 1_800_000_000_000
const PATH = 'items/42/photos/p1'
const links = createAccessLinks([KEY], () => NOW)
const grant = links.sign(PATH, new Date(NOW + 60_000))

describe('access links', () => {
  test('are for one source', () => {
    expect(links.check(grant, PATH)).toBe('valid')
    for (const other of [
      'items/42/photos/p2',
      'items/42',
      'items/42/photos/p1/x',
      'items/42/photos/P1',
      '',
    ]) {
      expect(links.check(grant, other)).toBe('forged')
    }
  })

  test('end with the second that they name', () => {
    expect(grant.expires).toBe('1800000060')
    const at = (ms: number) => createAccessLinks([KEY], () => ms).check(grant, PATH)
    expect([at(1_800_000_059_999), at(1_800_000_060_000)]).toEqual(['valid', 'expired'])
  })

  test('cannot be widened, shortened or signed with another key', () => {
    expect(links.check({ ...grant, expires: '1800000061' }, PATH)).toBe('forged')
    expect(links.check({ ...grant, expires: '1800000059' }, PATH)).toBe('forged')
    const first = grant.access.startsWith('A') ? 'B' : 'A'
    expect(links.check({ ...grant, access: `${first}${grant.access.slice(1)}` }, PATH)).toBe('forged')
    expect(createAccessLinks([`${KEY}!`], () => NOW).check(grant, PATH)).toBe('forged')
    expect(createAccessLinks([], () => NOW).check(grant, PATH)).toBe('forged')
  })

  test('of an older key are accepted, new ones are signed with the first', () => {
    const rotated = createAccessLinks([`new ${KEY}`, KEY], () => NOW)
    expect(rotated.check(grant, PATH)).toBe('valid')
    const renewed = rotated.sign(PATH, new Date(NOW + 60_000))
    expect(rotated.check(renewed, PATH)).toBe('valid')
    expect(links.check(renewed, PATH)).toBe('forged')
  })

  test('are not signed without a key', () => {
    expect(() => createAccessLinks([]).sign(PATH, new Date())).toThrow(RangeError)
  })
})

describe('parseAccessGrant', () => {
  test('reads what formatAccessGrant writes, whatever stands beside it', () => {
    const query = formatAccessGrant(grant)
    expect(parseAccessGrant(query.slice(1))).toEqual(grant)
    expect(parseAccessGrant(`v=1&${query.slice(1)}&w`)).toEqual(grant)
  })

  const { access } = grant
  test.each([
    '',
    'expires=1',
    `access=${access}`,
    `expires=1&expires=1&access=${access}`,
    `expires=1&access=${access}&access=${access}`,
    `expires=01&access=${access}`,
    `expires=+1&access=${access}`,
    `expires=1e9&access=${access}`,
    `expires=-1&access=${access}`,
    `expires=9999999999999&access=${access}`,
    `expires=1&access=${access}=`,
    `expires=1&access=${access.slice(1)}`,
    `expires=1%0d%0a&access=${access}`,
    `Expires=1&Access=${access}`,
  ])('is no grant: %s', (query) => {
    expect(parseAccessGrant(query)).toBeUndefined()
  })
})

describe('a grant for all of an item', () => {
  const all = links.signAll('items/42', new Date(NOW + 60_000))

  test('is for that item, until it ends', () => {
    expect(links.checkAll(all, 'items/42')).toBe('valid')
    expect(links.checkAll(all, 'items/4')).toBe('forged')
    const later = createAccessLinks([KEY], () => NOW + 60_000)
    expect(later.checkAll(all, 'items/42')).toBe('expired')
    expect(createAccessLinks([`new ${KEY}`, KEY], () => NOW).checkAll(all, 'items/42')).toBe('valid')
  })

  test('is no link, and no link is one', () => {
    expect(links.check(all, 'items/42')).toBe('forged')
    expect(links.checkAll(links.sign('items/42', new Date(NOW + 60_000)), 'items/42')).toBe('forged')
  })

  test('is read from the cookie that it is written to', () => {
    expect(parseAccessCookie(formatAccessCookie(all))).toEqual(all)
  })

  test.each([
    undefined,
    '',
    '1',
    `01.${all.access}`,
    `1.${all.access}.1`,
    `1.${all.access}=`,
    `.${all.access}`,
  ])('is not in a cookie such as %s', (value) => {
    expect(parseAccessCookie(value)).toBeUndefined()
  })
})
