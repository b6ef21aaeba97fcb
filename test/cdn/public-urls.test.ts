import { describe, expect, test } from 'vitest'
import { createEdgeSigner } from '../../src/cdn/edge-signer.ts'
import { createPublicUrls, type StoredFile } from '../../src/cdn/public-urls.ts'
import { checkAtEdge, newEdgeKey } from './edge-permission.ts'

const CDN = { cdnUrl: 'https://cdn.test' }
const GATEWAY = { gatewayUrl: 'https://gateway.test/pictures' }
const FILE: StoredFile = { key: 'items/42/photos/p1/original-f1.jpg', contentDisposition: 'attachment' }
const UNTIL = new Date(1_800_000_060_000)
const presign = async ({ key }: StoredFile, seconds: number) => `https://s3.test/${key}?for=${seconds}`

const { privateKey, trusted } = newEdgeKey('ec')
const signer = createEdgeSigner({ keyPairId: trusted.id, privateKey, hash: 'sha256' })

describe('requirements: CDN – public URLs: custom domain, else the gateway, else presigned', () => {
  test.each([
    ['the distribution before all', { ...CDN, ...GATEWAY, presign }, 'https://cdn.test', undefined],
    ['the gateway', { ...GATEWAY, presign }, 'https://gateway.test/pictures', undefined],
    ['neither', { presign }, '', 'https://s3.test/items/42/photos/p1/original-f1.jpg?for=900'],
    ['neither, and nothing that signs', {}, '', undefined],
  ])('%s', async (_, options, base, presigned) => {
    const urls = createPublicUrls(options)
    expect(urls.of('/img/items/42/800.webp')).toBe(`${base}/img/items/42/800.webp`)
    expect(urls.ofPrivate('/img/a', UNTIL)).toBe(`${base}/img/a`)
    expect(urls.below('/img/a/', UNTIL)('/img/a/800.webp')).toBe(`${base}/img/a/800.webp`)
    expect(urls.cookies('/img/a/', UNTIL)).toEqual({ url: `${base}/img/a/`, path: '/img/a/', cookies: {} })
    expect(await urls.ofFile('/api/v1/download', FILE, 900)).toEqual(
      presigned === undefined
        ? { url: `${base}/api/v1/download`, isPresigned: false }
        : { url: presigned, isPresigned: true },
    )
  })
})

describe('with a key that the edge trusts', () => {
  const urls = createPublicUrls({ ...CDN, ...GATEWAY, signer })
  const ask = (url: string, cookies?: Readonly<Record<string, string>>) =>
    checkAtEdge(trusted, { url, cookies, at: 1_800_000_000 })

  test('what anybody may read is not signed', () => {
    expect(urls.of('/img/a')).toBe('https://cdn.test/img/a')
  })

  test('one target is signed for, exactly', () => {
    const url = urls.ofPrivate('/api/v1/users/u/documents/f1', UNTIL)
    const forwarded = 'https://cdn.test/private/api/v1/users/u/documents/f1'
    expect(ask(url)).toEqual({ allowed: true, forwarded })
    expect(ask(url.replace('/f1?', '/f10?')).allowed).toBe(false)
  })

  test('all below a path have one signature, beside what the gateway wants in the query', () => {
    const urlOf = urls.below('/img/a/', UNTIL)
    const targets = ['/img/a/800.webp?expires=1&access=x', '/img/a/1200.webp']
    for (const target of targets) {
      expect(ask(urlOf(target))).toEqual({ allowed: true, forwarded: `https://cdn.test/private${target}` })
    }
    expect(new Set(targets.map((target) => new URL(urlOf(target)).searchParams.get('Signature'))).size).toBe(
      1,
    )
    expect(() => urlOf('/img/b/800.webp')).toThrow(RangeError)
    const later = new Date(UNTIL.getTime() + 1000)
    const again = [
      [urls.below('/img/a/', UNTIL), UNTIL],
      [urls.below('/img/a/', later), later],
    ] as const
    for (const [urlOf, until] of again) {
      const url = urlOf('/img/a/800.webp')
      const at = until.getTime() / 1000
      const allowed = [at - 1, at].map((at) => checkAtEdge(trusted, { url, at }).allowed)
      expect(allowed).toEqual([true, false])
    }
    expect(ask(urls.below('/img/b/', later)('/img/b/800.webp')).allowed).toBe(true)
  })

  test('cookies are for the tree that the edge signs for', () => {
    const { url, path, cookies } = urls.cookies('/img/items/42/', UNTIL)
    expect({ url, path }).toEqual({
      url: 'https://cdn.test/private/img/items/42/',
      path: '/private/img/items/42/',
    })
    expect(ask(`${url}photos/p1/800.webp`, cookies).allowed).toBe(true)
    expect(ask('https://cdn.test/private/img/items/43/800.webp', cookies).allowed).toBe(false)
  })

  test('needs the address that is signed for', () => {
    expect(() => createPublicUrls({ ...GATEWAY, signer })).toThrow(RangeError)
  })
})
