import service from '@astrojs/cloudflare/image-service'
import { describe, expect, it } from 'vitest'
import { readEmitted } from './emitted.ts'

const REMOTE = { domains: ['cdn.example'], remotePatterns: [] }

/** Asks as Astro does where a page has a picture. */
function print(options: Readonly<Record<string, unknown>>): string {
  const printed: string = Reflect.apply(service.getURL, service, [options, REMOTE])
  return printed
}

const imported = { src: '/_astro/a.hash.png', width: 1080, height: 720, format: 'png' }

describe('the image service of @astrojs/cloudflare', () => {
  it.each([
    [{ width: 300 }, '300.plain'],
    [
      { width: 300, height: 200, fit: 'cover', quality: 80, format: 'webp' },
      '300x200,gravity=0.5_0.5,quality=80.webp',
    ],
    [{ width: 300, height: 200, fit: 'contain', format: 'avif' }, '300x200,fit=contain.avif'],
    [{ width: 300, height: 200, fit: 'scale-down', format: 'jpeg' }, '300x200,fit=scale-down.jpg'],
    [{ width: 300, height: 200, fit: 'inside', quality: 'high' }, '300x200,fit=scale-down,quality=90.plain'],
    [{ width: 300, quality: 'mid' }, '300.plain'],
    [{ width: 300, format: 'svg' }, 'original.drawing'],
    [{ width: 300, format: 'png' }, '300.plain'],
  ])('%j is %s', (options, native) => {
    const read = readEmitted(print({ src: imported, ...options }))
    expect(read).toMatchObject({ native, source: '_astro/a.hash.png' })
  })

  it('sends clients to the source when something fails', () => {
    expect(print({ src: imported, width: 300 })).toContain('onerror=redirect')
  })

  it('of a picture on another server', () => {
    const printed = print({ src: 'https://cdn.example/a.jpg?v=3', width: 300 })
    expect(readEmitted(printed).source).toBe('https://cdn.example/a.jpg?v=3')
  })
})
