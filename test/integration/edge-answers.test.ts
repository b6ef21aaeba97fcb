import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createAccessLinks, formatAccessGrant } from '../../src/identity/access-links.ts'
import { by } from '../library/library.ts'
import {
  ASHBURN,
  colourOf,
  createEdgeStage,
  type EdgeStage,
  FRANKFURT,
  pictureOf,
} from '../support/edge-stage.ts'
import type { EdgeAnswer, EdgeOptions } from '../support/edge/edge.ts'
import { RULE_SETS } from '../support/edge/rules.ts'
import { createTestGateway } from '../support/gateway.ts'

const ACCESS_KEY = 'an access key for tests that is long enough'
const DAY = 86_400

let stage: EdgeStage
let item = 0
let itemId: string

beforeAll(async () => {
  stage = await createEdgeStage({ HALFTONE_ACCESS_KEYS: ACCESS_KEY, HALFTONE_QUEUE_LENGTH: '0' })
})
afterAll(() => stage.close())
beforeEach(async () => {
  item += 1
  itemId = `item${item}`
  stage.open()
  await stage.createItem(itemId, 'red', 'green')
})
afterEach(async () => stage.gates.setAway(false))

const photo = (spec = '320.webp') => `/img/items/${itemId}/photos/a/${spec}`
const resultOf = ({ headers }: EdgeAnswer) => (headers['x-cache'] ?? '').replace(' from cloudfront', '')
const asked = () => stage.edge().asked('gateway')

/** Access links and tokens reach the gateway, and are in the key, as docs/access.md has it. */
const showingPrivate = (options: EdgeOptions): EdgeOptions => ({
  ...options,
  behaviors: options.behaviors.map((behavior) => ({
    ...behavior,
    keyQueries: ['access', 'expires'],
    keyHeaders: [...(behavior.keyHeaders ?? []), 'authorization'],
  })),
})

describe.each(RULE_SETS)('requirements: CDN – nothing private is ever held, %s', (_, rules) => {
  const links = createAccessLinks([ACCESS_KEY])
  const linkTo = (source: string) => formatAccessGrant(links.sign(source, new Date(Date.now() + 600_000)))
  const held = () =>
    stage
      .edge()
      .held()
      .map(({ path, status }) => `${status} ${path}`)

  beforeEach(async () => {
    await stage.library.albums.setAccess(itemId, 'private', by)
    await stage.gateway.journal.read()
    stage.open(rules, showingPrivate)
  })

  test('a picture behind a link is given to who has it, and to nobody when the gateway is away', async () => {
    const target = photo() + linkTo(`items/${itemId}/photos/a`)
    for (const location of [FRANKFURT, FRANKFURT, ASHBURN]) {
      const answer = await stage.view(target, { location })
      expect([answer.status, await colourOf(answer.body), resultOf(answer)]).toEqual([200, 'red', 'Miss'])
    }
    expect(held()).toEqual([])
    // Whoever has no link learns nothing, nor keeps it from those who have.
    expect((await stage.view(photo())).status).toBe(404)
    expect((await stage.view(target)).status).toBe(200)
    stage.setUnreachable(true)
    const away = await stage.view(target)
    stage.setUnreachable(false)
    expect(away.status).toBe(502)
  })

  test('nor is what is wrong with one, the way to another size, or a part of it', async () => {
    const source = `items/${itemId}/photos/a`
    const link = linkTo(source)
    const redirect = await stage.view(photo('321.webp') + link)
    expect([redirect.status, redirect.headers['location']]).toEqual([308, photo('384.webp') + link])
    const part = await stage.view(photo() + link, { headers: { range: 'bytes=0-9' } })
    expect([part.status, part.body.length]).toEqual([206, 10])
    const head = await stage.view(photo() + link, { method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
    await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'broken'), by)
    await stage.gateway.journal.read()
    expect((await stage.view(photo() + link)).status).toBe(415)
    expect(held()).toEqual([])
  })
})

/** Links reach the gateway, and are not in the key: a distribution that is wrong. */
const blindToLinks = (options: EdgeOptions): EdgeOptions => ({
  ...options,
  behaviors: options.behaviors.map((behavior) => ({ ...behavior, forwardQueries: true })),
})

describe.each(RULE_SETS)('requirements: CDN – an edge that does not key on links, %s', (_, rules) => {
  test('gives nobody what another has a link for, also while it asks for that', async () => {
    await stage.library.albums.setAccess(itemId, 'private', by)
    await stage.gateway.journal.read()
    stage.open(rules, blindToLinks)
    const links = createAccessLinks([ACCESS_KEY])
    const grant = links.sign(`items/${itemId}/photos/a`, new Date(Date.now() + 600_000))
    const target = photo() + formatAccessGrant(grant)
    const read = stage.gates.hold('get', (key) => key.startsWith(`items/${itemId}/photos/`))
    const holder = stage.viewAtOnce(target)
    await read.reached
    const strangers = [photo(), photo() + formatAccessGrant({ ...grant, expires: '9999999999' })]
    const meanwhile = strangers.map(async (other) => stage.viewAtOnce(other))
    read.release()
    expect((await holder).status).toBe(200)
    for (const { status } of await Promise.all(meanwhile)) expect([403, 404]).toContain(status)
    for (const other of strangers) expect([403, 404]).toContain((await stage.view(other)).status)
    expect((await stage.view(photo('321.webp'))).headers['location']).toBe(photo('384.webp'))
  })
})

describe.each(RULE_SETS)('requirements: CDN – overload is over when it is over, %s', (_, rules) => {
  test('503 for a second or two, and then the picture', async () => {
    stage.open(rules)
    const reads = [1, 2].map(() =>
      stage.gates.hold('get', (key) => key.startsWith(`items/${itemId}/photos/`)),
    )
    const busy = ['480.webp', '640.webp'].map(async (spec) => stage.view(photo(spec)))
    await Promise.all(reads.map(({ reached }) => reached))
    const refused = await stage.viewAtOnce(photo())
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    for (const read of reads) read.release()
    expect((await Promise.all(busy)).map(({ status }) => status)).toEqual([200, 200])
    await stage.passTo(3)
    expect((await stage.view(photo())).status).toBe(200)
  })
})

describe('requirements: CDN – what is negotiated', () => {
  const AVIF = { accept: 'image/avif,image/webp,*/*;q=0.8' }
  const OLD = { accept: 'image/png,*/*;q=0.5' }
  const typeOf = async (headers: Record<string, string>) =>
    (await stage.view(photo('320.auto'), { headers })).headers['content-type']

  test('is kept for each of three wishes, and never given to another', async () => {
    expect([await typeOf(AVIF), await typeOf(OLD)]).toEqual(['image/avif', 'image/jpeg'])
    expect([await typeOf(AVIF), await typeOf(OLD)]).toEqual(['image/avif', 'image/jpeg'])
    expect(await typeOf({ accept: 'image/webp,image/avif;q=0' })).toBe('image/webp')
    expect(asked()).toBe(3)
    await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'blue'), by)
    await stage.gateway.journal.read()
    const answer = await stage.view(photo('320.auto'), { headers: AVIF })
    expect([resultOf(answer), await colourOf(answer.body)]).toEqual(['Miss', 'blue'])
  })

  test.each(RULE_SETS)('without the secret it is nobody’s but the viewer’s, %s', async (_, rules) => {
    stage.open(rules, ({ origins, ...options }) => ({
      ...options,
      origins: Object.fromEntries(
        Object.entries(origins).map(([name, origin]) => [name, { ...origin, customHeaders: {} }]),
      ),
    }))
    // The edge's header alone proves nothing, and the edge withholds `Accept`: the format is one that all know.
    expect([await typeOf(AVIF), await typeOf(AVIF)]).toEqual(['image/jpeg', 'image/jpeg'])
    expect(asked()).toBe(2)
    expect(stage.edge().held()).toEqual([])
  })
})

describe('requirements: CDN – policies by kind, and per file, at the edge', () => {
  const setSeconds = async (edgeSeconds: number | null) => {
    await stage.library.albums.adjust(itemId, 'a', { edgeSeconds }, by)
    await stage.gateway.journal.read()
  }

  test('a photo is kept for as long as its owner says, from the moment that they say it', async () => {
    await stage.view(photo())
    await setSeconds(600)
    expect(resultOf(await stage.view(photo()))).toBe('Miss')
    await stage.passTo(599)
    expect(resultOf(await stage.view(photo()))).toBe('Hit')
    await stage.passTo(700)
    expect(resultOf(await stage.view(photo()))).toBe('RefreshHit')
    await setSeconds(null)
    await stage.view(photo())
    await stage.passTo(29 * DAY)
    expect(resultOf(await stage.view(photo()))).toBe('Hit')
  })

  test('0 seconds: asked for each time, and each time told that it is still right', async () => {
    await setSeconds(0)
    await stage.view(photo())
    for (const seconds of [0, 1]) {
      await stage.passTo(seconds)
      expect(resultOf(await stage.view(photo()))).toBe('RefreshHit')
    }
    expect(stage.said.map(({ status }) => status)).toEqual([200, 304, 304])
  })

  test.each([
    [{ HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE' }, 'public, max-age=120, s-maxage=120'],
    [{ HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE', HALFTONE_EDGE_TTL_MEDIA_S: '86400' }, 's-maxage=86400'],
    [{ HALFTONE_EDGE_TTL_MEDIA_S: '86400' }, 's-maxage=3600'],
  ])('the operator says it for all pictures: %j', async (environment, expected) => {
    const gateway = await createTestGateway({
      store: stage.gates.store,
      environment: { HALFTONE_EDGE_TTL_MEDIA_S: '120', ...environment },
    })
    const { headers } = await gateway.fetch(photo())
    await gateway.close()
    expect(headers.get('cache-control')).toContain(expected)
  })

  test('a file that no record names is kept as long only where the bucket’s events are heard', async () => {
    const store = createMemoryObjectStore()
    await store.put('photos/x.jpg', await pictureOf('red'), { contentType: 'image/jpeg' })
    for (const [heard, seconds] of [
      [{}, 3600],
      [{ HALFTONE_BUCKET_EVENTS_SECRETS: 'what-the-bucket-says-to-us' }, 2_592_000],
    ] as const) {
      const environment = { HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE', ...heard }
      const gateway = await createTestGateway({ store, environment })
      const { headers } = await gateway.fetch('/img/photos/x.jpg/320.webp')
      await gateway.close()
      expect(headers.get('cache-control')).toContain(`s-maxage=${seconds},`)
    }
  })

  test('the versioned path stays for good, whatever the owner says of the one that changes', async () => {
    await setSeconds(0)
    const versioned = (await stage.view(photo())).headers['content-location'] ?? ''
    await stage.view(versioned)
    await stage.passTo(364 * DAY)
    expect(resultOf(await stage.view(versioned))).toBe('Hit')
  })
})

describe('requirements: CDN – HTTP through the edge', () => {
  test('a 304 says again how long, which and by what tags; the copy then lives as long again', async () => {
    const first = await stage.view(photo())
    const [whole] = stage.said
    await stage.passTo(30 * DAY + 61)
    expect(resultOf(await stage.view(photo()))).toBe('RefreshHit')
    const [, again] = stage.said
    expect([whole?.status, again?.status]).toEqual([200, 304])
    for (const name of ['cache-control', 'etag', 'last-modified', 'x-amz-meta-cache-tag', 'content-location'])
      expect(again?.headers[name], name).toBe(whole?.headers[name])
    expect(again?.headers['content-length']).toBeUndefined()
    await stage.passTo(60 * DAY)
    expect(resultOf(await stage.view(photo()))).toBe('Hit')
    // And a viewer's own copy is told from the edge.
    const condition = { 'if-none-match': first.headers['etag'] ?? '' }
    expect((await stage.view(photo(), { headers: condition })).status).toBe(304)
    await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'blue'), by)
    await stage.gateway.journal.read()
    expect((await stage.view(photo(), { headers: condition })).status).toBe(200)
  })

  test('HEAD is answered like GET without its bytes', async () => {
    const head = await stage.view(photo(), { method: 'HEAD' })
    const get = await stage.view(photo())
    const names = ['content-type', 'content-length', 'etag', 'cache-control', 'last-modified']
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect(names.map((name) => head.headers[name])).toEqual(names.map((name) => get.headers[name]))
  })

  test('a range is a part of the same picture, whether the edge has it or not; one beyond its end is never kept', async () => {
    const part = async (range: string) => stage.view(photo(), { headers: { range } })
    const cold = await part('bytes=2-9')
    const { body } = await stage.view(photo())
    const warm = await part('bytes=2-9')
    for (const answer of [cold, warm]) {
      expect([answer.status, answer.headers['content-range']]).toEqual([206, `bytes 2-9/${body.length}`])
      expect(answer.body.equals(body.subarray(2, 10))).toBe(true)
    }
    expect((await part('bytes=9000000-')).status).toBe(416)
    expect((await part('bytes=0-1')).status).toBe(206)
  })

  test('the way from an old version, or from a cover’s, is kept for a minute, and purged with its photo', async () => {
    const old = (await stage.view(photo())).headers['content-location'] ?? ''
    const cover = old.replace('/photos/a/', '/')
    const target = async (path: string) => {
      const answer = await stage.view(path)
      return `${answer.status} ${resultOf(answer)} ${answer.headers['location'] ?? ''}`
    }
    expect(await target(cover)).toBe(`302 Miss ${old}`)
    await stage.library.albums.replace(itemId, await stage.putFile(itemId, 'a', 'blue'), by)
    await stage.gateway.journal.read()
    const now = (await stage.view(photo())).headers['content-location'] ?? ''
    expect(await target(old)).toBe(`302 Miss ${now}`)
    expect(await target(cover)).toBe(`302 Miss ${now}`)
    expect(await target(old)).toBe(`302 Hit ${now}`)
    await stage.passTo(61)
    expect(await target(old)).toBe(`302 Miss ${now}`)
  })
})
