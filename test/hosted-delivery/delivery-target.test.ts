import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { isDeliveryPath, parseDeliveryTarget } from '../../src/hosted-delivery/delivery-target.ts'

const HASH = 'Vi7wi5KSItxGFsWRG2Us6Q'
const UUID = '083eb7b2-5392-4565-b69e-aff66acddd00'

const named = (imageId: string, name: string) => ({ imageId, wish: { by: 'name', name } })
const own = (imageId: string, options: string) => ({ imageId, wish: { by: 'options', options } })

/** The code of what was thrown; `undefined` when nothing was. */
function refusal(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}

describe.each(['', '/cdn-cgi/imagedelivery'])('below %j', (mount) => {
  test.each([
    [`${UUID}/public`, named(UUID, 'public')],
    [`${UUID}/w=80,f=auto`, own(UUID, 'w=80,f=auto')],
    [`${UUID}/w%3D80%2Cbackground%3Drgb%2840%2C4%2C1%29`, own(UUID, 'w=80,background=rgb(40,4,1)')],
    ['shop/2026/red%20shoe.jpg/thumb', named('shop/2026/red shoe.jpg', 'thumb')],
    ['a=b/public', named('a=b', 'public')],
    ['100%25/public', named('100%', 'public')],
    ['100%2525/public', named('100%25', 'public')],
    ['caf%C3%A9/public', named('café', 'public')],
    ['a//b/public', named('a//b', 'public')],
    ['public/public', named('public', 'public')],
    [`${'%C3%A9'.repeat(1024)}/public`, named('é'.repeat(1024), 'public')],
  ])('%s', (tail, expected) => {
    const signedPath = `/${HASH}/${tail}`
    expect(parseDeliveryTarget(`${mount}${signedPath}`, HASH)).toEqual({ ...expected, signedPath })
  })

  test.each([
    ['', 'invalid_delivery_url'],
    ['/', 'invalid_delivery_url'],
    [`/${UUID}`, 'invalid_delivery_url'],
    [`/${UUID}/`, 'invalid_delivery_url'],
    [`//${UUID}/public`, 'invalid_delivery_url'],
    [`/${UUID}//public`, 'invalid_delivery_url'],
    ['/a%2Fb/public', 'invalid_delivery_url'],
    ['/100%/public', 'invalid_delivery_url'],
    ['/%ff/public', 'invalid_delivery_url'],
    ['/a%00/public', 'invalid_delivery_url'],
    ['/a/pub%0alic', 'invalid_delivery_url'],
    [`/${'a'.repeat(1025)}/public`, 'invalid_delivery_url'],
  ])('refuses %s', (tail, code) => {
    expect(refusal(() => parseDeliveryTarget(`${mount}/${HASH}${tail}`, HASH))).toBe(code)
  })

  test.each([HASH.toLowerCase(), `${HASH}x`, '%56i7wi5KSItxGFsWRG2Us6Q', '', '..'])(
    'knows no account %s',
    (hash) => {
      expect(refusal(() => parseDeliveryTarget(`${mount}/${hash}/${UUID}/public`, HASH))).toBe(
        'account_unknown',
      )
    },
  )
})

test('finds every id again that a site has put into a URL, and throws nothing foreign', () => {
  const ids = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((id) => !/^\/|\/$|[\p{Cc}\p{Cs}]/u.test(id))
  fc.assert(
    fc.property(ids, (id) => {
      const path = `/${HASH}/${id.split('/').map(encodeURIComponent).join('/')}/public`
      expect(parseDeliveryTarget(path, HASH)).toMatchObject(named(id, 'public'))
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const code = refusal(() => parseDeliveryTarget(`/${HASH}/${text}`, HASH))
      expect(code).toBeOneOf([undefined, 'invalid_delivery_url'])
    }),
  )
})

test('only paths of the account or below the prefix are delivery paths', () => {
  const asked = [
    '/cdn-cgi/imagedelivery/x/y/z',
    `/${HASH}/a/public`,
    `/${HASH}`,
    '/img/a',
    '/cdn-cgi/image/a',
  ]
  expect(asked.map((path) => isDeliveryPath(path, HASH))).toEqual([true, true, false, false, false])
})
