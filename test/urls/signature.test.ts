import { describe, expect, it } from 'vitest'
import { signRest, verifyRest } from '../../src/urls/signature.ts'

const rest = 'items/42/801.webp'
const signature = signRest(rest, 'old')

describe('signatures', () => {
  it('are HMAC-SHA-256 in base64url', () => {
    // RFC 4231, test case 2.
    expect(Buffer.from(signRest('what do ya want for nothing?', 'Jefe'), 'base64url').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
    expect(signature).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  it.each([['old'], ['new', 'old'], ['old', 'new']])('hold for the keys %s %s', (...keys) => {
    expect(verifyRest(rest, signature, keys)).toBe(true)
  })

  it.each([
    ['no key', rest, signature, []],
    ['another key', rest, signature, ['new']],
    ['another rest', `${rest}?`, signature, ['old']],
    ['nothing', rest, '', ['old']],
    ['a part', rest, signature.slice(0, -1), ['old']],
    ['padding', rest, `${signature}=`, ['old']],
    ['other characters of as many bytes', rest, 'é'.repeat(21) + 'a', ['old']],
  ])('do not hold for %s', (_, rest, signature, keys) => {
    expect(verifyRest(rest, signature, keys)).toBe(false)
  })

  it('have one spelling: unused bits of the last character count', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet[alphabet.indexOf(signature.slice(-1)) ^ 1]
    const other = `${signature.slice(0, -1)}${last}`
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(signature, 'base64url'))
    expect(verifyRest(rest, other, ['old'])).toBe(false)
  })
})
