import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signRest } from '../../src/urls/signature.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { ACCOUNT_HASH } from '../support/hosted.ts'
import { middleColour, plainJpeg, putItem } from '../support/library.ts'
import { spelled } from '../support/spellings.ts'

const KEY = 'a signing key for tests'
const SECRET = '#fe01fd'
const OPEN = '#01fe02'
const MARK = 'nobody-may-read-this'

/** Pictures where no image route may look, stored variants of ours among them. */
const HIDDEN = [
  'verification/u/passport/f/a.jpg',
  'verification/a.jpg',
  'system/a.jpg',
  'system/journal/a.jpg',
  'temp/uploads/t/a.jpg',
  'private/a.jpg',
  'private/items/7/photos/p/@abcdefghijklmno/320.webp',
  'img/a.jpg',
  'img/photos/a/b.jpg',
  'photos/hidden.json',
  'photos/hidden.JSON',
]
const ALBUM = 'items/42/album.json'
const RECORDS = [ALBUM, 'profiles/u/other.json', 'photos/record.json', 'system/record.json']

/** Pictures whose names look much like those, and that everybody may see. */
const SHOWN = [
  'Verification/a.jpg',
  'verification-open/a.jpg',
  'verification.jpg',
  'systems/a.jpg',
  'photos/verification/a.jpg',
  'photos/img/a.jpg',
  'photos/system/a.jpg',
  'photos/a.json.jpg',
  'photos/%verification.jpg',
  'ｓystem/a.jpg',
]

type Route = (path: string) => Promise<Response>

/** What has been asked of the bucket. */
const asked: string[] = []
let gateway: TestGateway
let routes: ReadonlyMap<string, Route>

beforeAll(async () => {
  const memory = createMemoryObjectStore()
  await fill(memory)
  const store: ObjectStore = {
    ...memory,
    head: async (key, options) => (asked.push(key), memory.head(key, options)),
    get: async (key, options) => (asked.push(key), memory.get(key, options)),
  }
  gateway = await openGateway(store)
  routes = routesOf(gateway)
  asked.length = 0
})
afterAll(() => gateway.close())

async function fill(store: ObjectStore): Promise<void> {
  const [hidden, shown] = [await plainJpeg(SECRET), await plainJpeg(OPEN)]
  const contentType = 'image/jpeg'
  for (const key of HIDDEN) await store.put(key, hidden, { contentType })
  for (const key of SHOWN) await store.put(key, shown, { contentType })
  await putItem(store, '42', [OPEN])
  const album = await store.get(ALBUM)
  const text = album.outcome === 'found' ? album.object.body.toString().replace('"tests"', `"${MARK}"`) : ''
  expect(text).toContain(MARK)
  for (const key of RECORDS) await store.put(key, Buffer.from(text), { contentType: 'application/json' })
}

/** With all that may be looked at, and every way of asking that there is. */
const openGateway = async (store: ObjectStore) =>
  createTestGateway({
    store,
    environment: {
      HALFTONE_SOURCES: '*',
      HALFTONE_SIZES: 'any',
      HALFTONE_SIGNING_KEYS: KEY,
      HALFTONE_INLINE_OVERLAYS: 'true',
      HALFTONE_HOST_PREFIXES: 'v.example.com=verification/,s.example.com=system/,p.example.com=photos/',
      HALFTONE_CLOUDFLARE_ACCOUNT: 'account',
      HALFTONE_CLOUDFLARE_ACCOUNT_HASH: ACCOUNT_HASH,
      HALFTONE_OFF_LADDER_PER_SOURCE: '0',
      HALFTONE_OFF_LADDER_PER_CLIENT: '0',
      HALFTONE_WORKERS: '2',
    },
  })

function routesOf({ app }: TestGateway): ReadonlyMap<string, Route> {
  const send = async (target: string, host = 'test'): Promise<Response> =>
    app.request('http://test/', { headers: { host } }, { incoming: { url: target } })
  const signed = (rest: string) => `/simg/${signRest(rest, KEY)}/${rest}`
  const inline = (path: string) => `~${Buffer.from(JSON.stringify({ url: path })).toString('base64url')}`
  const cloudflare = '/cdn-cgi/image/width=320,format=jpeg'
  return new Map<string, Route>([
    ['native', async (path) => send(`/img/${path}/320.jpg`)],
    ['native, as it is', async (path) => send(`/img/${path}/original.jpg`)],
    ['native, absolute', async (path) => send(`http://test/img/${path}/320.jpg`)],
    ['signed', async (path) => send(signed(`${path}/320.jpg`))],
    ['Cloudflare', async (path) => send(`${cloudflare}/${path}`)],
    ['Cloudflare, of a host', async (path) => send(`${cloudflare}/${path}`, 'p.example.com')],
    ['Cloudflare, absolute', async (path) => send(`${cloudflare}/http://test/${path}`)],
    [
      'Cloudflare, encoded',
      async (path) => send(`${cloudflare}/${encodeURIComponent(`http://test/${path}`)}`),
    ],
    ['Cloudflare, of a native URL', async (path) => send(`${cloudflare}/img/${path}/320.jpg`)],
    ['versioned', async (path) => send(`/img/${path}/@abcdefghijklmno/320.jpg`)],
    ['versioned, as it is', async (path) => send(`/img/${path}`)],
    ['private', async (path) => send(`/private/${path}/@abcdefghijklmno/320.jpg`)],
    ['facts', async (path) => send(`/img/${path}/info.json`)],
    ['a hash', async (path) => send(`/img/${path}/thumbhash`)],
    ['a drawing', async (path) => send(`/img/${path}/drawing.svg`)],
    ['of the host of documents', async (path) => send(`${cloudflare}/${path}`, 'v.example.com')],
    ['of the host of the system', async (path) => send(`${cloudflare}/http://s.example.com/${path}`)],
    ['hosted', async (path) => send(`/${ACCOUNT_HASH}/${path}/width=320`)],
    ['hosted, below a zone', async (path) => send(`/cdn-cgi/imagedelivery/${ACCOUNT_HASH}/${path}/public`)],
    ['an overlay', async (path) => send(`/img/verification.jpg/320,draw=${inline(path)}.jpg`)],
    ['Cloudflare, an overlay', async (path) => send(`${cloudflare},draw=${inline(path)}/verification.jpg`)],
    ['bare', async (path) => send(`/${path}`)],
    ['below another route', async (path) => send(`/livez/${path}`)],
  ])
}

/** Those by which a picture that is not hidden is to be had by its path. */
const SERVING = [
  'native',
  'native, as it is',
  'native, absolute',
  'signed',
  'Cloudflare',
  'Cloudflare, absolute',
  'Cloudflare, encoded',
  'Cloudflare, of a native URL',
]

const colours = { [SECRET]: [0xfe, 0x01, 0xfd], [OPEN]: [0x01, 0xfe, 0x02] }

/** Whether an answer shows this colour. */
async function shows(answer: Response, colour: keyof typeof colours): Promise<boolean> {
  if (answer.headers.get('content-type')?.startsWith('image/') !== true) return false
  const seen = await middleColour(Buffer.from(await answer.clone().arrayBuffer()))
  return seen.every((value, at) => Math.abs(value - (colours[colour]?.[at] ?? 0)) < 12)
}

/** Keys that may be looked at: sources, records of the two shapes, variants of public sources. */
function mayBeAsked(key: string): boolean {
  if (/^(?:items\/[^/]+\/album|profiles\/[^/]+\/profile)\.json$/.test(key)) return true
  if (/^img\/.+\/@[\w-]{15}\/[^/]+$/.test(key)) return true
  // What the account of hosted images says of itself and of its images: records that no route shows.
  if (key.startsWith('system/hosted/')) return true
  return !/^(?:verification|system|private|temp|img)\//.test(key) && !/\.json$/i.test(key)
}

async function look(route: Route, path: string) {
  asked.length = 0
  const answer = await route(path)
  return {
    status: answer.status,
    isSecret: await shows(answer, SECRET),
    isRecord: (await answer.text()).includes(MARK),
    forbidden: asked.filter((key) => !mayBeAsked(key)),
  }
}

test('no route shows what lies in a private tree, or a record, or looks for it, in whatever spelling', async () => {
  const names = fc.constantFrom(...routes.keys())
  await fc.assert(
    fc.asyncProperty(names, spelled([...HIDDEN, ...RECORDS]), async (name, path) => {
      const { status, ...found } = await look(routes.get(name) ?? unknown, path)
      expect(found).toEqual({ isSecret: false, isRecord: false, forbidden: [] })
      expect(status).toBeLessThan(500)
    }),
    { numRuns: 1500 },
  )
})

test('nor by any route in the plainest spelling', async () => {
  const seen: unknown[] = []
  for (const [name, route] of routes) {
    for (const path of [...HIDDEN, ...RECORDS, ...HIDDEN.map((key) => key.replace(/^\w+\//, ''))]) {
      const { status, isSecret, isRecord, forbidden } = await look(route, path)
      if (isSecret || isRecord || forbidden.length > 0 || status >= 500)
        seen.push([name, path, status, forbidden])
    }
  }
  expect(seen).toEqual([])
})

describe('what only looks like it', () => {
  test('is served by every route, so that the tests above would see a picture', async () => {
    const unserved: unknown[] = []
    for (const name of SERVING) {
      for (const key of SHOWN) {
        const path = key.split('/').map(encodeURIComponent).join('/')
        const answer = await (routes.get(name) ?? unknown)(path)
        if (answer.status !== 200 || !(await shows(answer, OPEN))) unserved.push([name, key, answer.status])
      }
    }
    expect(unserved).toEqual([])
  })

  test('a picture of the hidden colour is seen where it may be shown', async () => {
    const { bucket } = gateway
    await bucket.put('photos/found.jpg', await plainJpeg(SECRET), { contentType: 'image/jpeg' })
    for (const name of SERVING) {
      expect(await look(routes.get(name) ?? unknown, 'photos/found.jpg')).toMatchObject({ isSecret: true })
    }
    for (const name of ['an overlay', 'Cloudflare, an overlay']) {
      expect(await look(routes.get(name) ?? unknown, 'photos/found.jpg')).toMatchObject({ isSecret: true })
    }
    expect(await look(routes.get('Cloudflare, of a host') ?? unknown, 'found.jpg')).toMatchObject({
      isSecret: true,
    })
  })
})

const unknown: Route = async (path) => {
  throw new Error(`No route for ${path}`)
}
