import { createServer, type IncomingMessage, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenSite, pictureOf, type Site, startSite } from '../support/cloudflare.ts'
import { setAccess, putItem } from '../support/library.ts'
import { listen } from '../support/listen.ts'
import { corners, encode, paint } from '../support/pictures.ts'

let site: Site
let server: Server
let elsewhere: string
let asked: Pick<IncomingMessage, 'url' | 'headers'>[] = []
const open = new Map<string, OpenSite>()

beforeAll(async () => {
  site = await startSite()
  await site.put('a.jpg', corners(108, 72))
  await site.put('shop-a/a.jpg', corners(60, 40))
  await site.put('shop-b/a.jpg', corners(40, 60))
  await putItem(site.store, '42', ['#c02020'])
  await putItem(site.store, 'hidden', ['#20c020'])
  await setAccess(site.store, 'hidden', 'private')
  const remote = await encode(
    paint(90, 30, () => [20, 40, 200]),
    'jpg',
  )
  server = createServer(({ url, headers }, response) => {
    asked.push({ url, headers })
    if (url?.startsWith('/there') !== true) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': 'image/jpeg', etag: '"1"' }).end(remote)
  })
  elsewhere = await listen(server)
})
beforeEach(() => {
  asked = []
})
afterAll(async () => {
  await Promise.all([...open.values()].map(async (gateway) => gateway.close()))
  server.close()
  await site.stop()
})

/** A gateway with these settings, the same for all tests that want them. */
async function start(environment: Record<string, string> = {}): Promise<OpenSite> {
  const name = JSON.stringify(environment)
  const gateway = open.get(name) ?? (await site.open({ environment, allowAddress: () => true }))
  open.set(name, gateway)
  return gateway
}

const sidesOf = async (answer: Response) => {
  const { status, width, height } = await pictureOf(answer)
  return [status, width, height]
}
const errorOf = (answer: Response) => [answer.status, answer.headers.get('cf-resized')]

describe('a host', () => {
  const HALFTONE_HOST_PREFIXES = 'a.example.com=shop-a/,B.example.com=shop-b/'

  test.each([
    ['a.example.com', 60, 40],
    ['A.Example.com:8080', 60, 40],
    ['b.example.com', 40, 60],
    ['www.example.com', 108, 72],
  ])('%s has pictures of its own', async (host, width, height) => {
    const gateway = await start({ HALFTONE_HOST_PREFIXES })
    for (const answer of [
      await gateway.get('f=webp/a.jpg', { host }),
      await gateway.get('f=webp/a.jpg', { host }),
    ]) {
      expect(await sidesOf(answer)).toEqual([200, width, height])
    }
  })

  test('is one of ours by its prefix, and by where the pictures are reached', async () => {
    const environment = {
      HALFTONE_HOST_PREFIXES,
      HALFTONE_CDN_URL: 'https://cdn.example.com',
      HALFTONE_PUBLIC_URL: 'http://gateway.example.com:8080',
    }
    const gateway = await start(environment)
    expect(await sidesOf(await gateway.get('f=webp/https://b.example.com/a.jpg'))).toEqual([200, 40, 60])
    for (const own of ['https://cdn.example.com', 'http://gateway.example.com:8080', 'http://test']) {
      expect(await sidesOf(await gateway.get(`f=webp/${own}/a.jpg?v=1`))).toEqual([200, 108, 72])
    }
    expect(errorOf(await gateway.get('f=webp/http://gateway.example.com/a.jpg'))).toEqual([403, 'err=9401'])
  })
})

describe('a source that is one of our own URLs', () => {
  test.each([
    ['img/items/42/800.webp', '/img/items/42/100.webp'],
    ['img/items/42/photos/p1/x600.avif', '/img/items/42/photos/p1/100.webp'],
    ['/img/a.jpg/50.webp', '/img/a.jpg/100.webp'],
    ['http://test/img/a.jpg/50.JPEG', '/img/a.jpg/100.webp'],
  ])('%s is the picture that it is made of', async (source, native) => {
    const gateway = await start()
    const answers = [await gateway.get(`w=100,f=webp/${source}`), await gateway.fetch(native)]
    const [own, theirs] = answers.map(({ status, headers }) => [status, headers.get('etag')])
    expect(own).toEqual(theirs)
    expect(own?.[0]).toBe(200)
  })

  test.each([
    'cdn-cgi/image/w=20/a.jpg',
    'http://test/cdn-cgi/image/w=20/a.jpg',
    'cdn-cgi/imagedelivery/x/y/z',
    'pictures/w=20/a.jpg',
    'simg/xyz/a.jpg/50.webp',
    'api/v1/items/42',
  ])('%s is refused', async (source) => {
    const gateway = await start({ HALFTONE_CLOUDFLARE_MOUNTS: '/cdn-cgi/image,/pictures' })
    expect(errorOf(await gateway.get(`w=10/${source}`))).toEqual([508, 'err=9403'])
  })

  test.each(['1.1 image-resizing (halftone)', '1.1 edge, 2.0 zone Image-Resizing'])(
    'nor is another resizer answered, Via: %s',
    async (via) => {
      const gateway = await start()
      await gateway.get('w=10/a.jpg')
      // One that has been made, and one that has not.
      for (const tail of ['w=10/a.jpg', 'w=12/a.jpg']) {
        expect(errorOf(await gateway.get(tail, { via }))).toEqual([508, 'err=9403'])
      }
      expect((await gateway.get('w=10/a.jpg', { via: '1.1 cloudfront' })).status).toBe(200)
    },
  )
})

describe('mounts', () => {
  test('there may be several, and others than the usual one', async () => {
    const gateway = await start({ HALFTONE_CLOUDFLARE_MOUNTS: '/images,/i/c' })
    for (const mount of ['/images', '/i/c']) {
      expect(await sidesOf(await gateway.fetch(`${mount}/w=54/a.jpg`))).toEqual([200, 54, 36])
    }
    const answer = await gateway.get('w=54/a.jpg')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  })

  test('there may be none', async () => {
    const gateway = await start({ HALFTONE_CLOUDFLARE_MOUNTS: 'none' })
    expect((await gateway.get('w=54/a.jpg')).headers.get('content-type')).toBe('application/problem+json')
    expect((await gateway.fetch('/img/a.jpg/54.jpg')).status).toBe(200)
  })
})

describe('what the bucket does not have', () => {
  test('is taken from the site, with its query; what it has is not', async () => {
    const gateway = await start({ HALFTONE_SITE_ORIGIN: elsewhere })
    expect(await sidesOf(await gateway.get('w=54/a.jpg?v=1'))).toEqual([200, 54, 36])
    expect(asked).toEqual([])
    const target = 'w=45,f=webp/there%20it/is.jpg?v=2'
    for (const answer of [await gateway.get(target), await gateway.get(target)]) {
      expect(await sidesOf(answer)).toEqual([200, 45, 15])
    }
    expect(asked.map(({ url }) => url)).toEqual(['/there%20it/is.jpg?v=2'])
    expect((await gateway.get(target)).headers.get('cf-resized')).toBe('internal=ok/h')
  })

  test('and is nowhere if it is not there either', async () => {
    const gateway = await start({ HALFTONE_SITE_ORIGIN: elsewhere })
    expect(errorOf(await gateway.get('w=10/nothing.jpg'))).toEqual([404, 'err=9404'])
    expect(errorOf(await gateway.get('w=10/items/hidden'))).toEqual([404, 'err=9404'])
    expect(asked.map(({ url }) => url)).toEqual(['/nothing.jpg', '/items/hidden'])
  })

  test('a folder of the site may be called as ours is', async () => {
    const gateway = await start({ HALFTONE_SITE_ORIGIN: elsewhere })
    expect(errorOf(await gateway.get('w=10/img/logo.png'))).toEqual([404, 'err=9404'])
    expect(asked.map(({ url }) => url)).toEqual(['/img/logo.png'])
  })

  test("the site's own address is a path, too", async () => {
    const gateway = await start({ HALFTONE_SITE_ORIGIN: elsewhere })
    expect(await sidesOf(await gateway.get(`w=54/${elsewhere}/a.jpg`))).toEqual([200, 54, 36])
    expect(asked).toEqual([])
  })
})

describe('an absolute URL', () => {
  let spellings = 0

  test.each([
    (url: string) => url,
    (url: string) => encodeURIComponent(url),
    (url: string) => encodeURIComponent(url).toLowerCase(),
    (url: string) => url.replace('://', ':/'),
    (url: string) => url.replace('://', ':///'),
  ])('is fetched in every spelling (%#), once', async (spell) => {
    const { host } = new URL(elsewhere)
    const gateway = await start({ HALFTONE_REMOTE_SOURCES: host })
    spellings += 1
    const path = `/there/${spellings}.jpg`
    const answer = await gateway.get(`w=45,f=webp/${spell(`${elsewhere}${path}`)}`)
    expect(answer.headers.get('content-location')).toBeNull()
    expect(await sidesOf(answer)).toEqual([200, 45, 15])
    const same = await gateway.get(`w=45,f=webp/${elsewhere}${path}`)
    expect(same.headers.get('etag')).toBe(answer.headers.get('etag'))
    expect(asked.map(({ url }) => url)).toEqual([path])
    expect(asked[0]?.headers.via).toContain('image-resizing')
  })

  test('of a server that nobody has named is refused, and nobody asked', async () => {
    const gateway = await start({ HALFTONE_REMOTE_SOURCES: 'images.example.com' })
    const closed = await start()
    for (const answer of [
      await gateway.get(`w=45/${elsewhere}/there.jpg`),
      await closed.get(`w=45/${elsewhere}/there.jpg`),
    ]) {
      expect(errorOf(answer)).toEqual([403, 'err=9401'])
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    expect(asked).toEqual([])
  })

  test('where nothing is', async () => {
    const gateway = await start({ HALFTONE_REMOTE_SOURCES: new URL(elsewhere).host })
    expect(errorOf(await gateway.get(`w=45/${elsewhere}/nothing.jpg`))).toEqual([404, 'err=9404'])
  })
})

describe('sizes', () => {
  const BUDGET = { HALFTONE_SIZES: 'ladder', HALFTONE_OFF_LADDER_PER_SOURCE: '1' }

  test('any is taken, on a budget; those on the ladder cost nothing of it', async () => {
    const gateway = await start(BUDGET)
    await site.put('budget.jpg', corners(108, 72))
    expect(await sidesOf(await gateway.get('w=51/budget.jpg'))).toEqual([200, 51, 34])
    const refused = await gateway.get('w=49,f=webp/budget.jpg')
    expect(errorOf(refused)).toEqual([429, 'err=9422'])
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    expect(await sidesOf(await gateway.get('w=64,f=webp/budget.jpg'))).toEqual([200, 64, 43])
    await gateway.writeBack.drain()
    const standIn = await gateway.get('w=49,f=webp/budget.jpg')
    expect(standIn.headers.get('cache-control')).toBe('public, max-age=5, stale-if-error=0')
    expect(await sidesOf(standIn)).toEqual([200, 64, 43])
  })

  test('one that no native URL has is no native place', async () => {
    const gateway = await start(BUDGET)
    await site.put('b.jpg', corners(108, 72))
    expect((await gateway.get('w=64,f=webp/b.jpg')).headers.get('content-location')).toMatch(/\/64\.webp$/)
    expect((await gateway.get('w=52,f=webp/b.jpg')).headers.get('content-location')).toBeNull()
  })

  test('where they have to be signed, only what is stored is there', async () => {
    await site.put('signed.jpg', corners(108, 72))
    const anybody = await start()
    await anybody.get('w=64/signed.jpg')
    await anybody.writeBack.drain()
    const gateway = await start({
      HALFTONE_SIZES: 'signed',
      HALFTONE_SIGNING_KEYS: 'a key that is only for tests',
    })
    expect(await sidesOf(await gateway.get('w=64/signed.jpg'))).toEqual([200, 64, 43])
    expect(errorOf(await gateway.get('w=80/signed.jpg'))).toEqual([403, 'err=9423'])
    // A preset is the operator's, whatever is said of the copyright; not with all that EXIF says.
    for (const options of ['w=300', 'w=300,metadata=none', 'w=300,f=webp']) {
      expect((await gateway.get(`${options}/signed.jpg`)).status).toBe(200)
    }
    expect(errorOf(await gateway.get('w=300,metadata=keep/signed.jpg'))).toEqual([403, 'err=9423'])
  })
})
