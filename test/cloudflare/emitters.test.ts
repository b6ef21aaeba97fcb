import nuxtCloudflare from '@nuxt/image/runtime/providers/cloudflare'
import nuxtHosted from '@nuxt/image/runtime/providers/cloudflareimages'
import { type CloudflareOperations, generate as unpic } from 'unpic/providers/cloudflare'
import { generate as unpicHosted } from 'unpic/providers/cloudflare_images'
import { describe, expect, it } from 'vitest'
import { WARNINGS } from '../../src/cloudflare/parse-options.ts'
import { readEmitted, readHosted } from './emitted.ts'

/** Asks a provider as the module does, but for a context of the application, which these do not look at. */
function askNuxt(provider: object & { getImage: unknown }, source: string, options: Modifying): string {
  if (typeof provider.getImage !== 'function') throw new Error('No provider of @nuxt/image')
  const { url }: { readonly url: string } = Reflect.apply(provider.getImage, provider, [source, options])
  return url
}

interface Modifying {
  readonly modifiers: Readonly<Record<string, unknown>>
  readonly baseURL?: string
  readonly accountHash?: string
}

describe('@nuxt/image, provider cloudflare', () => {
  const print = (source: string, modifiers: Readonly<Record<string, unknown>>): string =>
    askNuxt(nuxtCloudflare(), source, { modifiers, baseURL: 'https://shop.example/' })

  it.each([
    [{ width: 300 }, '300.plain'],
    [
      { width: 300, height: 200, fit: 'cover', quality: 80, format: 'webp' },
      '300x200,gravity=0.5_0.5,quality=80.webp',
    ],
    [{ width: 300, height: 200, fit: 'contain', format: 'avif' }, '300x200,fit=contain.avif'],
    [{ width: 300, height: 200, fit: 'fill' }, '300x200,fit=scale-down.plain'],
    [{ width: 300, height: 200, fit: 'outside' }, '300x200,fit=crop,gravity=0.5_0.5.plain'],
    [
      { width: 300, height: 200, fit: 'inside', background: '#ff0000' },
      '300x200,fit=pad,background=ff0000.plain',
    ],
    [
      { width: 300, height: 200, fit: 'inside', background: 'rgb(1 2 3)' },
      '300x200,fit=pad,background=010203.plain',
    ],
    [
      { width: 300, height: 200, fit: 'inside', background: 'rgb(1, 2, 3)' },
      '300x200,fit=pad,background=010203.plain',
    ],
    [{ width: 100, dpr: 2, sharpen: 1, gravity: 'auto' }, '200,sharpen=1.plain'],
    [{ width: 100, height: 100, fit: 'cover', gravity: '0.5x0.2' }, '100x100,gravity=0.5_0.2.plain'],
    [{ format: 'auto', quality: 'high' }, 'original,quality=90.auto'],
  ])('%j is %s', (modifiers, native) => {
    expect(readEmitted(print('/media/a.jpg', modifiers))).toEqual({
      native,
      source: 'media/a.jpg',
      warnings: [],
    })
  })

  it.each([
    ['/a b.jpg', 'a b.jpg'],
    ['https://cdn.example/a.jpg?v=1', 'https://cdn.example/a.jpg?v=1'],
  ])('of %s', (source, read) => {
    expect(readEmitted(print(source, { width: 5 }))).toMatchObject({ native: '5.plain', source: read })
  })
})

describe('@nuxt/image, provider cloudflareimages', () => {
  it.each([
    [{ width: 100, fit: 'fill', format: 'auto' }, '100,fit=contain.auto'],
    [{ width: 100, height: 50, fit: 'inside', quality: 50 }, '100x50,fit=scale-down,quality=50.plain'],
  ])('%j is %s', (modifiers, native) => {
    const printed = askNuxt(nuxtHosted(), 'photo', { modifiers, accountHash: 'hash' })
    expect(readHosted(printed)).toBe(native)
  })
})

describe('unpic, provider cloudflare', () => {
  it.each<readonly [CloudflareOperations, string, readonly string[]]>([
    [{ width: 300 }, '300,fit=contain.auto', [WARNINGS.oneSideCover]],
    [{ width: 300, height: 200 }, '300x200,gravity=0.5_0.5.auto', []],
    [{ width: 300, height: 200, quality: 80, format: 'jpg' }, '300x200,gravity=0.5_0.5,quality=80.jpg', []],
    [
      { width: 300.5, height: 200, fit: 'pad', background: 'red' },
      '301x200,fit=pad,background=ff0000.auto',
      [],
    ],
    [{ width: 300, fit: 'contain', blur: 5, rotate: 90 }, '300,fit=contain,rotate=90,blur=5.auto', []],
    [{ width: 300, fit: 'scale-down', anim: false, format: 'webp' }, '300,still=1.webp', []],
  ])('%j is %s', (operations, native, warnings) => {
    const printed = unpic('/media/a.jpg', operations, { domain: 'shop.example' })
    expect(readEmitted(printed)).toEqual({ native, source: 'media/a.jpg', warnings })
    expect(readEmitted(unpic('/media/a.jpg', operations))).toMatchObject({ native })
  })

  it('of a picture on another server', () => {
    const printed = unpic('https://cdn.example/a.jpg', { width: 300, fit: 'contain' })
    expect(readEmitted(printed).source).toBe('https://cdn.example/a.jpg')
  })
})

describe('unpic, provider cloudflare_images', () => {
  it('names a box in a format', () => {
    const photo = { host: 'shop.example', accountHash: 'hash', imageId: 'photo' }
    const printed = unpicHosted('', { width: 300, height: 200, format: 'webp' }, photo)
    expect(readHosted(printed)).toBe('300x200,gravity=0.5_0.5.webp')
  })
})

// No package has it: a loader that Cloudflare's documentation shows, for pages to copy. This prints what it prints.
describe("Cloudflare's loader for Next.js", () => {
  const print = (source: string, width: number, quality?: number): string => {
    const options = [`width=${width}`, ...(quality === undefined ? [] : [`quality=${quality}`])]
    return `/cdn-cgi/image/${options.join(',')}/${source.replace(/^\//, '')}`
  }

  it.each([
    ['/media/a.jpg', 640, undefined, { native: '640.plain', source: 'media/a.jpg' }],
    ['/media/a.jpg', 3840, 75, { native: '3840,quality=75.plain', source: 'media/a.jpg' }],
    [
      'https://cdn.example/a.jpg?v=3',
      640,
      85,
      { native: '640.plain', source: 'https://cdn.example/a.jpg?v=3' },
    ],
  ])('%s at %d, quality %s', (source, width, quality, read) => {
    expect(readEmitted(print(source, width, quality))).toMatchObject(read)
  })
})
