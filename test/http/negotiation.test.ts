import { describe, expect, test } from 'vitest'
import { createReadWish } from '../../src/http/negotiation.ts'
import { choose } from '../../src/transform/negotiation.ts'

const SECRETS = ['the secret that is new', 'the secret before it']
const readWish = createReadWish(SECRETS)

/** The formats of an opaque, a transparent and an animated picture of 800 pixels, as these headers get them. */
function formatsFor(headers: Record<string, string>): string {
  const { acceptance } = readWish(new Headers(headers))
  const pictures = [
    { animated: false, hasAlpha: false },
    { animated: false, hasAlpha: true },
    { animated: true, hasAlpha: false },
  ]
  return pictures
    .map((traits) => choose(acceptance, { fit: 'width', width: 800 }, traits, { avifMaxSide: 1600 }))
    .join(' ')
}

describe('Accept', () => {
  test.each([
    [
      'Chromium, <img>',
      'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
      'avif avif webp',
    ],
    [
      'Chromium, navigation',
      'text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      'avif avif webp',
    ],
    ['Firefox', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', 'avif avif webp'],
    ['Firefox 92', 'image/avif,image/webp,*/*', 'avif avif webp'],
    ['Firefox 65', 'image/webp,*/*', 'webp webp webp'],
    [
      'Safari',
      'image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5',
      'avif avif webp',
    ],
    ['Safari 13', 'image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5', 'jpg png gif'],
    ['curl, fetch()', '*/*', 'jpg png gif'],
    ['image/*', 'image/*', 'jpg png gif'],
    ['an old Internet Explorer', 'image/gif, image/jpeg, image/pjpeg, */*', 'jpg png gif'],
    ['a page only', 'text/html', 'jpg png jpg'],
    // Weights.
    ['excluded by name', 'image/avif;q=0,image/webp,*/*', 'webp webp webp'],
    ['excluded in three digits', 'image/avif;q=0.000, image/webp;q=0, */*', 'jpg png gif'],
    ['WebP rather than AVIF', 'image/avif;q=0.8,image/webp;q=0.9', 'webp webp webp'],
    ['a name counts more than a wildcard', '*/*, image/jpeg;q=0.1, image/webp;q=0.5', 'webp png gif'],
    ['spaces, tabs and case', 'IMAGE/AVIF ; Q=0.5 ,\timage/webp\t;\tq=0.4', 'avif avif webp'],
    // Not as it should be.
    ['empty members', ',, ,image/webp,', 'webp webp webp'],
    ['nonsense beside a name', 'a b c, image/webp, ;q=1', 'webp webp webp'],
    ['nothing but nonsense', '<img src=x>', 'jpg png gif'],
    ['a weight that is none counts as 1', 'image/webp;q=high', 'webp webp webp'],
    ['a weight below 0 counts as 0', 'image/webp;q=-1,*/*', 'jpg png gif'],
    ['of a kind that we do not make', 'image/webp;profile=x,*/*', 'jpg png gif'],
    ['a quoted comma is no comma', 'text/x;p="a,image/webp";q=0.5,*/*', 'jpg png gif'],
  ])('%s', (_, accept, formats) => {
    expect(formatsFor({ accept })).toBe(formats)
    // And again, remembered.
    expect(formatsFor({ accept })).toBe(formats)
  })

  test('none, or an empty one, is */*', () => {
    expect(formatsFor({})).toBe('jpg png gif')
    expect(formatsFor({ accept: '' })).toBe('jpg png gif')
  })

  test('is never keyed; a long one is read, and only a short one remembered', () => {
    const long = { accept: `${'x/y,'.repeat(1000)}image/webp` }
    expect(formatsFor(long)).toBe('webp webp webp')
    expect(readWish(new Headers(long)).keyed).toBe(false)
    expect(readWish(new Headers(long))).not.toBe(readWish(new Headers(long)))
    const short = { accept: 'image/webp' }
    expect(readWish(new Headers(short))).toBe(readWish(new Headers(short)))
  })
})

describe('x-img-accept', () => {
  const edge = (value: string, secret = SECRETS[0] ?? '') => ({
    'x-img-accept': value,
    'x-origin-verify': secret,
    accept: 'image/webp',
  })

  test.each([
    ['avif', 'avif avif webp'],
    ['webp', 'webp webp webp'],
    ['jpeg', 'jpg png gif'],
  ])('%s, with any of the secrets, is believed before Accept', (value, formats) => {
    for (const secret of SECRETS) {
      expect(formatsFor(edge(value, secret))).toBe(formats)
      expect(readWish(new Headers(edge(value, secret))).keyed).toBe(true)
    }
  })

  test.each([
    ['with another secret', edge('avif', 'the secret of somebody')],
    ['with a part of it', edge('avif', SECRETS[0]?.slice(0, -1))],
    ['without', { 'x-img-accept': 'avif', accept: 'image/webp' }],
    ['with a value that no function of ours writes', edge('AVIF')],
    ['with a value that is none', edge('constructor')],
  ])('%s it is not: Accept counts, and the edge must not keep it', (_, headers) => {
    expect(formatsFor(headers)).toBe('webp webp webp')
    expect(readWish(new Headers(headers)).keyed).toBe(false)
  })

  test('where no secret is configured it is never believed', () => {
    const readWish = createReadWish([])
    for (const secret of ['', 'undefined', SECRETS[0] ?? '']) {
      expect(readWish(new Headers(edge('avif', secret))).keyed).toBe(false)
    }
  })
})
