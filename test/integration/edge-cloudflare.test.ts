import { gunzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { by } from '../library/library.ts'
import {
  ASHBURN,
  colourOf,
  createEdgeStage,
  type EdgeStage,
  FRANKFURT,
  pictureOf,
  type ViewOptions,
} from '../support/edge-stage.ts'
import type { EdgeAnswer } from '../support/edge/edge.ts'
import { RULE_SETS } from '../support/edge/rules.ts'
import { ACCOUNT_HASH, putAccount, putHostedImage, signatureFor } from '../support/hosted.ts'
import { bytes, type OtherServer, startOtherServer } from '../support/other-server.ts'

const KEY = 'the key of the account'
const HOUR = 3_600
const DAY = 24 * HOUR
const AVIF = { accept: 'image/avif,image/webp,*/*;q=0.8' }
const WEBP = { accept: 'image/webp,image/png,*/*;q=0.5' }
const OLD = { accept: 'image/png,*/*;q=0.5' }

let server: OtherServer
let stage: EdgeStage
let item = 0
let itemId: string

beforeAll(async () => {
  server = await startOtherServer()
  stage = await createEdgeStage(
    {
      HALFTONE_CLOUDFLARE_ACCOUNT: 'account',
      HALFTONE_CLOUDFLARE_ACCOUNT_HASH: ACCOUNT_HASH,
      HALFTONE_REMOTE_SOURCES: `127.0.0.1:${server.port}`,
      HALFTONE_HOST_PREFIXES: 'a.example.com=photos/a/,b.example.com=photos/b/',
    },
    {
      accountHash: ACCOUNT_HASH,
      byHost: true,
      allowAddress: (address) => address === '127.0.0.1',
    },
  )
  const variants = {
    teaser: { options: { fit: 'scale-down', metadata: 'none', width: 96 }, neverRequireSignedUrls: true },
  } as const
  await putAccount(stage.gates.store, { keys: [{ name: 'default', value: KEY }], variants })
})
afterAll(async () => {
  await stage.close()
  server.close()
})
beforeEach(async () => {
  item += 1
  itemId = `item${item}`
  stage.open()
  await stage.createItem(itemId, 'red')
})

const photo = (options: string) => `/cdn-cgi/image/${options}/items/${itemId}/photos/a`
const resultOf = ({ headers }: EdgeAnswer) => (headers['x-cache'] ?? '').replace(' from cloudfront', '')
const seen = async (target: string, options?: ViewOptions) => {
  const answer = await stage.view(target, options)
  return `${answer.status} ${answer.status === 200 ? await colourOf(answer.body) : ''} ${resultOf(answer)}`
}
const replace = async () => {
  await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'blue'), by)
  await stage.gateway.journal.read()
}
const held = () =>
  stage
    .edge()
    .held()
    .filter(({ status }) => status === 200)

describe.each(RULE_SETS)('requirements: CDN – Cloudflare’s URLs at the edge, %s', (_, rules) => {
  beforeEach(() => stage.open(rules))

  test('a photo is kept for a month, and gone everywhere when it is replaced', async () => {
    const targets = [photo('w=320,f=webp'), photo('f=webp,w=320'), `/cdn-cgi/image/w=96/items/${itemId}?v=1`]
    for (const target of targets) expect(await seen(target)).toBe('200 red Miss')
    await stage.passTo(29 * DAY)
    for (const target of targets) expect(await seen(target)).toBe('200 red Hit')
    await replace()
    for (const location of [FRANKFURT, ASHBURN])
      for (const target of targets) expect(await seen(target, { location })).toBe('200 blue Miss')
  })

  test('what was under way when it was replaced is gone with the second purge', async () => {
    const target = photo('w=320,f=webp')
    const read = stage.gates.hold('get', (key) => key.startsWith(`items/${itemId}/photos/`), 'back')
    const early = stage.viewAtOnce(target)
    await read.reached
    await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'blue'), by)
    read.release()
    expect(await colourOf((await early).body)).toBe('red')
    await stage.edge().settled()
    await stage.gateway.journal.read()
    stage.purgeAgain()
    for (const location of [FRANKFURT, ASHBURN])
      expect(await seen(target, { location })).toBe('200 blue Miss')
  })
})

describe('requirements: CDN – what tells Cloudflare’s URLs apart at the edge', () => {
  test('the query, of a source on another server', async () => {
    const colours = { '?v=1': 'red', '?v=2': 'green', '': 'blue' } as const
    for (const [query, colour] of Object.entries(colours))
      server.on(`/a.jpg${query}`, bytes(await pictureOf(colour), { etag: `"${colour}"` }))
    const targetOf = (query: string) => `/cdn-cgi/image/w=96,f=webp/${server.origin}/a.jpg${query}`
    for (const result of ['Miss', 'Hit'])
      for (const [query, colour] of Object.entries(colours))
        expect(await seen(targetOf(query))).toBe(`200 ${colour} ${result}`)
    // Nobody tells of changes there.
    await stage.passTo(HOUR + 61)
    expect(await seen(targetOf(''))).toBe('200 blue RefreshHit')
  })

  test('the best format that the viewer takes, and no other spelling of what they take', async () => {
    const typeOf = async (headers: Record<string, string>) => {
      const answer = await stage.view(photo('w=320,f=auto'), { headers })
      return [answer.headers['content-type'], resultOf(answer)]
    }
    for (const [headers, type] of [
      [AVIF, 'image/avif'],
      [WEBP, 'image/webp'],
      [OLD, 'image/jpeg'],
    ] as const) {
      expect(await typeOf(headers)).toEqual([type, 'Miss'])
      expect(await typeOf({ accept: `${headers.accept},x/y` })).toEqual([type, 'Hit'])
    }
    await replace()
    for (const headers of [AVIF, WEBP, OLD])
      expect(await seen(photo('w=320,f=auto'), { headers })).toMatch(/ Miss$/)
  })

  test('no hint: what depends on one is the viewer’s own', async () => {
    const target = photo('w=auto,wmobile=96,wdesktop=200,f=jpeg')
    const widthFor = async (headers: Record<string, string>) => {
      const answer = await stage.view(target, { headers })
      expect(resultOf(answer)).toBe('Miss')
      return (await sharp(answer.body).metadata()).width
    }
    for (let times = 0; times < 2; times += 1) {
      expect(await widthFor({ 'user-agent': 'Mozilla/5.0 (iPhone)' })).toBe(96)
      expect(await widthFor({ 'user-agent': 'Mozilla/5.0 (X11)' })).toBe(200)
      expect(await widthFor({ 'sec-ch-viewport-width': '320', 'sec-ch-dpr': '1' })).toBe(320)
    }
    expect(held()).toEqual([])
  })

  test('the host, where hosts stand for prefixes; one that nobody knows has nothing', async () => {
    await stage.gates.store.put('photos/a/x.jpg', await pictureOf('red'), { contentType: 'image/jpeg' })
    await stage.gates.store.put('photos/b/x.jpg', await pictureOf('green'), { contentType: 'image/jpeg' })
    const target = '/cdn-cgi/image/w=96,f=webp/x.jpg'
    for (const result of ['Miss', 'Hit']) {
      expect(await seen(target, { headers: { host: 'a.example.com' } })).toBe(`200 red ${result}`)
      expect(await seen(target, { headers: { host: 'b.example.com' } })).toBe(`200 green ${result}`)
    }
    expect((await stage.view(target, { headers: { host: 'c.example.com' } })).status).toBe(404)
  })

  test('whether gzip is taken, which is to the good of drawings alone', async () => {
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">${'<path d="M0 0h9"/>'.repeat(100)}</svg>`
    await stage.gates.store.put('photos/d.svg', Buffer.from(drawing), { contentType: 'image/svg+xml' })
    for (const target of [
      '/cdn-cgi/image/w=96,f=auto/img/photos/d.svg/96.webp',
      '/img/photos/d.svg/drawing.svg',
    ]) {
      for (const result of ['Miss', 'Hit']) {
        const packed = await stage.view(target, { headers: { 'accept-encoding': 'gzip, br' } })
        const plain = await stage.view(target)
        expect([packed, plain].map(resultOf)).toEqual([result, result])
        expect([packed, plain].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined])
        expect(gunzipSync(packed.body).equals(plain.body)).toBe(true)
        for (const { headers } of [packed, plain])
          expect(headers['content-security-policy']).toContain("style-src 'unsafe-inline'")
      }
    }
    const picture = await stage.view(photo('w=320,f=webp'), { headers: { 'accept-encoding': 'gzip' } })
    expect(picture.headers['content-encoding']).toBeUndefined()
  })
})

const MOUNTS = ['', '/cdn-cgi/imagedelivery']

describe.each(RULE_SETS)('requirements: CDN – hosted images at the edge, %s', (_, rules) => {
  beforeEach(() => stage.open(rules))

  test.each(MOUNTS)(
    'a public one below %j is kept until it is purged, whatever stands behind it',
    async (mount) => {
      const id = await putHostedImage(stage.gates.store, { colour: '#ff0000' })
      const target = `${mount}/${ACCOUNT_HASH}/${id}/public`
      for (const [query, result] of [
        ['', 'Miss'],
        ['?v=2', 'Hit'],
        ['?utm=x&v=3', 'Hit'],
      ])
        expect(await seen(`${target}${query}`)).toBe(`200 red ${result}`)
      await stage.passTo(29 * DAY)
      expect(await seen(target)).toBe('200 red Hit')
      await stage.library.albums.setAccess(id, 'private', by)
      await stage.gateway.journal.read()
      for (const location of [FRANKFURT, ASHBURN])
        expect((await stage.view(target, { location })).status).toBe(403)
      expect(held()).toEqual([])
    },
  )

  test.each(MOUNTS)(
    'a private one below %j is in no layer, and nobody’s when its permission has ended',
    async (mount) => {
      const id = await putHostedImage(stage.gates.store, { colour: '#00ff00', isPrivate: true })
      const path = `/${ACCOUNT_HASH}/${id}/public`
      const exp = Math.floor(Date.now() / 1000) + 600
      const target = `${mount}${path}${signatureFor(path, KEY, exp)}`
      for (const location of [FRANKFURT, FRANKFURT, ASHBURN])
        expect(await seen(target, { location })).toBe('200 green Miss')
      expect(held()).toEqual([])
      expect((await stage.view(`${mount}${path}`)).status).toBe(403)
      stage.setUnreachable(true)
      const away = await stage.view(target)
      stage.setUnreachable(false)
      expect(away.status).toBe(502)
      await stage.passTo(601)
      expect((await stage.view(target)).status).toBe(403)
    },
  )

  test('whoever joins a view that has a permission needs one, too', async () => {
    const id = await putHostedImage(stage.gates.store, { colour: '#00ff00', isPrivate: true })
    const path = `/${ACCOUNT_HASH}/${id}/public`
    const exp = Math.floor(Date.now() / 1000) + 600
    const read = stage.gates.hold('get', (key) => key.startsWith(`items/${id}/photos/`))
    const holder = stage.viewAtOnce(`${path}${signatureFor(path, KEY, exp)}`)
    await read.reached
    const stranger = stage.viewAtOnce(path)
    read.release()
    expect([(await holder).status, (await stranger).status]).toEqual([200, 403])
  })

  test('in a variant that is always public it is kept for an hour, and forgotten with its image', async () => {
    const id = await putHostedImage(stage.gates.store, { colour: '#00ff00', isPrivate: true })
    const target = `/${ACCOUNT_HASH}/${id}/teaser`
    expect([await seen(target), await seen(target)]).toEqual(['200 green Miss', '200 green Hit'])
    await stage.library.albums.removeAll(id, by)
    await stage.gateway.journal.read()
    expect((await stage.view(target)).status).toBe(404)
  })
})
