import { describe, expect, it } from 'vitest'
import { parsePresets } from '../../src/transform/presets.ts'
import type { TransformSpec } from '../../src/transform/spec.ts'
import { createNativeDialect } from '../../src/urls/native-dialect.ts'
import { signRest } from '../../src/urls/signature.ts'

const presets = parsePresets('card=400,hero=1600x900')
const dialect = createNativeDialect({ presets, signingKeys: ['new', 'old'] })
const V = 'abcdefghijklmn_'
const w800: TransformSpec = { fit: 'width', width: 800, format: 'webp' }

describe('targets that are understood', () => {
  it.each([
    // By shape.
    [
      '/img/items/42/800.webp',
      { source: { shape: 'item-cover', path: 'items/42', itemId: '42' }, spec: w800 },
    ],
    [
      '/img/items/42/photos/p1/800.webp',
      {
        source: { shape: 'item-photo', path: 'items/42/photos/p1', itemId: '42', photoId: 'p1' },
        spec: w800,
      },
    ],
    [
      '/img/profiles/u1/800.webp',
      { source: { shape: 'profile', path: 'profiles/u1', userId: 'u1' }, spec: w800 },
    ],
    ['/img/cat.jpg/800.webp', { source: key('cat.jpg'), spec: w800 }],
    ['/img/a%20b/%F0%9F%90%88/800.webp', { source: key('a b/🐈'), spec: w800 }],
    // Any accepted spelling of the size.
    ['/img/a/medium.webp', { source: key('a'), spec: w800, preset: true }],
    ['/img/a/card@2x.webp', { source: key('a'), spec: w800, preset: true }],
    ['/img/a/800@1x.webp', { source: key('a'), spec: w800 }],
    ['/img/a/original.png', { source: key('a'), spec: { fit: 'original', format: 'png' }, preset: true }],
    // Facts.
    ['/img/items/42/info.json', { source: { shape: 'item-cover' }, spec: { facts: 'info.json' } }],
    ['/img/a/thumbhash', { source: key('a'), spec: { facts: 'thumbhash' } }],
    ['/img/info.json/info.json', { source: key('info.json'), spec: { facts: 'info.json' } }],
    [`/img/a/@${V}/info.json`, { source: key('a'), version: V, spec: { facts: 'info.json' } }],
    [`/img/a/@${V}/thumbhash`, { source: key('a'), version: V, spec: { facts: 'thumbhash' } }],
    ['/img/a/400@2x.auto', { source: key('a'), spec: { ...w800, format: 'auto' } }],
    // Versioned.
    [`/img/a/@${V}/800.webp`, { source: key('a'), version: V, spec: w800 }],
    [`/img/items/42/photos/p1/@${V}/800.webp`, { version: V, spec: w800 }],
    [`/img/a/@${V}/original.png`, { version: V, spec: { fit: 'original', format: 'png' }, preset: true }],
    [`/img/items/42/@${V}/800.webp`, { source: { shape: 'item-cover' }, version: V }],
    // Key segments that look like a version.
    [`/img/%40${V}/800.webp`, { source: key(`@${V}`), spec: w800 }],
    [`/img/a/%40${V}/@${V}/800.webp`, { source: key(`a/@${V}`), version: V, spec: w800 }],
    [`/img/%40${V}/b/800.webp`, { source: key(`@${V}/b`) }],
    // As long as a key can be.
    [`/img/${'a'.repeat(1024)}/800.webp`, { source: key('a'.repeat(1024)) }],
  ])('%s', (target, request) => {
    const parsed = dialect.parse(target)
    expect(parsed).toMatchObject({ kind: 'image', signed: false, canonicalTarget: target })
    expect(parsed).toMatchObject({ request: { preset: false, ...request } })
    expect('request' in parsed && 'version' in parsed.request).toBe('version' in request)
  })

  it.each([
    '/img/a/800.webp?v=2',
    '/img/a/800.webp?',
    'http://host/img/a/800.webp',
    'https://h:1/img/a/800.webp?b=/c',
  ])('%s is the same as without authority and query', (target) => {
    expect(dialect.parse(target)).toEqual(dialect.parse('/img/a/800.webp'))
  })
})

describe('targets with another spelling', () => {
  it.each([
    // Percent-encoding.
    ['/img/%61/800.webp', '/img/a/800.webp'],
    ['/img/caf%c3%a9/800.webp', '/img/caf%C3%A9/800.webp'],
    ['/img/café/800.webp', '/img/caf%C3%A9/800.webp'],
    ['/img/a+b/800.webp', '/img/a%2Bb/800.webp'],
    ['/img/@a/800.webp', '/img/%40a/800.webp'],
    ['/img/a/800%2Ewebp', '/img/a/800.webp'],
    ['/img/a/800%402x.webp', '/img/a/800@2x.webp'],
    ['/%69mg/a/800.webp', '/img/a/800.webp'],
    ["/img/a!'()*~/800.webp?x", undefined],
    // Case, zeros, jpeg.
    ['/img/a/INFO.json', '/img/a/info.json'],
    [`/img/a/@${V}/Thumbhash`, `/img/a/@${V}/thumbhash`],
    ['/img/a/0800.webp', '/img/a/800.webp'],
    ['/img/a/800X600.WEBP', '/img/a/800x600.webp'],
    ['/img/a/MEDIUM@02x.Jpeg', '/img/a/medium@2x.jpg'],
    ['/img/a/0800.Auto', '/img/a/800.auto'],
    // A versioned path has one spelling.
    [`/img/a/@${V}/medium.webp`, `/img/a/@${V}/800.webp`],
    [`/img/a/@${V}/800@2x.webp`, `/img/a/@${V}/1600.webp`],
    [`/img/a/@${V}/800@1x.webp`, `/img/a/@${V}/800.webp`],
    [`/img/a/@${V}/hero.jpeg`, `/img/a/@${V}/1600x900.jpg`],
    [`/img/%61/@${V}/800.webp`, `/img/a/@${V}/800.webp`],
    // A version only just before the spec, and only as it stands.
    [`/img/@${V}/b/800.webp`, `/img/%40${V}/b/800.webp`],
    [`/img/a/@${V}/@${V}/800.webp`, `/img/a/%40${V}/@${V}/800.webp`],
    ['/img/a/@%61bcdefghijklmn_/800.webp', `/img/a/%40${V}/800.webp`],
    // The query stays behind.
    ['/img/a/800.jpeg?v=2', '/img/a/800.jpg'],
    ['http://host/img/a/800.jpeg?v=2', '/img/a/800.jpg'],
  ])('%s -> %s', (target, location) => {
    const parsed = dialect.parse(target)
    expect(parsed.kind === 'redirect' ? parsed.location : undefined).toBe(location)
  })
})

describe('targets that are refused', () => {
  it.each([
    ['', 'path: must begin with "/"'],
    ['/', 'path segment 1: must not be empty'],
    ['/other/a/800.webp', 'path: must begin with /img/ or /simg/'],
    ['/IMG/a/800.webp', 'path: must begin with /img/ or /simg/'],
    ['/img', 'last segment: must be {size}.{format}'],
    ['/img/', 'path segment 2: must not be empty'],
    ['/img/800.webp', 'source: must be a path of 1 to 1024 bytes'],
    [`/img/@${V}/800.webp`, 'source: must be a path of 1 to 1024 bytes'],
    [`/img/${'a'.repeat(1025)}/800.webp`, 'source: must be a path of 1 to 1024 bytes'],
    [`/img/${'%C3%A9'.repeat(513)}/800.webp`, 'source: must be a path of 1 to 1024 bytes'],
    ['/img/a/800.webp/', 'path segment 4: must not be empty'],
    ['/img//a/800.webp', 'path segment 2: must not be empty'],
    ['//img/a/800.webp', 'path segment 1: must not be empty'],
    ['/img/a/..%2Fb/800.webp', 'path segment 3: must not hold'],
    ['/img/%2e%2e/a/800.webp', 'path segment 2: must not be empty, "." or ".."'],
    ['/img/a/cat.jpg', 'size: must be'],
    ['/img/a/800.bmp', 'format: must be one of avif, webp, jpg, png, gif'],
    [`/img/a/@${V}/huge.webp`, 'size: must be'],
    [`/img/a/@${V}/800.auto`, 'format: with a version it must be one of avif, webp, jpg, png'],
    [`/img/a/@${V}/MEDIUM.AUTO`, 'format: with a version it must be one of avif, webp, jpg, png'],
  ])('%j', (target, message) => {
    expect(() => dialect.parse(target)).toThrow(
      expect.objectContaining({ code: 'invalid_target', message: expect.stringContaining(message) }),
    )
  })
})

describe('signed targets', () => {
  it.each([
    ['of the first key', signed('items/42/801.webp')],
    ['of an older key', signed('items/42/801.webp', 'old')],
  ])('%s are understood as they stand', (_, target) => {
    expect(dialect.parse(target)).toEqual({
      kind: 'image',
      signed: true,
      canonicalTarget: target,
      request: {
        source: { shape: 'item-cover', path: 'items/42', itemId: '42' },
        spec: { ...w800, width: 801 },
        preset: false,
      },
    })
  })

  it('do not sign the query', () => {
    expect(dialect.parse(`${signed('a/801.webp')}?v=2`)).toEqual(dialect.parse(signed('a/801.webp')))
  })

  it.each([
    ['a/801.jpeg', 'a/801.jpg'],
    ['%61/801.webp', 'a/801.webp'],
    [`a/@${V}/801@2x.webp`, `a/@${V}/1602.webp`],
  ])('%s goes to %s under a new signature of the first key', (rest, canonical) => {
    expect(dialect.parse(signed(rest, 'old'))).toEqual({ kind: 'redirect', location: signed(canonical) })
  })

  it('keep a signature that is good when only its own spelling differs', () => {
    const target = signed('a/801.webp', 'old')
    expect(dialect.parse(target.replace('/simg/', '/%73img/'))).toEqual({
      kind: 'redirect',
      location: target,
    })
  })

  it.each([
    ['another rest', signed('a/801.webp').replace('801', '802')],
    ['the rest in another encoding', signed('a/801.webp').replace('/a/', '/%61/')],
    ['an unknown key', signed('a/801.webp', 'stolen')],
    ['no signature', '/simg/a/801.webp'],
    ['nothing else', '/simg'],
    ['a prefix that is signed too', `/simg/${signRest('img/a/801.webp', 'new')}/a/801.webp`],
  ])('are refused with %s', (_, target) => {
    expect(() => dialect.parse(target)).toThrow(expect.objectContaining({ code: 'invalid_signature' }))
  })

  it('are refused where no key is configured', () => {
    const keyless = createNativeDialect({ presets, signingKeys: [] })
    expect(() => keyless.parse(signed('a/801.webp'))).toThrow(
      expect.objectContaining({ code: 'invalid_signature' }),
    )
    expect(() => keyless.formatUnversioned('a', w800, { signed: true })).toThrow(
      expect.objectContaining({ code: 'signature_required' }),
    )
  })
})

describe('printing', () => {
  it.each([
    ['items/42/photos/p1', `/img/items/42/photos/p1/@${V}/800.webp`],
    ['a b/@x/ü+', `/img/a%20b/%40x/%C3%BC%2B/@${V}/800.webp`],
    [`@${V}`, `/img/%40${V}/@${V}/800.webp`],
    // The URL stays whole where the key in the bucket is cut.
    ['a'.repeat(1024), `/img/${'a'.repeat(1024)}/@${V}/800.webp`],
  ])('%s', (source, path) => {
    expect(dialect.formatVersioned(source, V, w800)).toBe(path)
    expect(dialect.formatUnversioned(source, w800)).toBe(path.replace(`/@${V}/800.webp`, '/800.webp'))
  })

  it('signs where the request was signed', () => {
    const parsed = dialect.parse(dialect.formatUnversioned('a', w800, { signed: true }))
    expect(parsed).toMatchObject({ kind: 'image', signed: true })
    const versioned = dialect.formatVersioned('a', V, w800, { signed: true })
    expect(versioned).toBe(`/simg/${signRest(`a/@${V}/800.webp`, 'new')}/a/@${V}/800.webp`)
  })

  it('refuses a source that no target could name', () => {
    expect(() => dialect.formatVersioned('a/../b', V, w800)).toThrow(
      expect.objectContaining({ code: 'invalid_target' }),
    )
  })
})

function key(path: string): { shape: string; path: string } {
  return { shape: 'key', path }
}

function signed(rest: string, key = 'new'): string {
  return `/simg/${signRest(rest, key)}/${rest}`
}
