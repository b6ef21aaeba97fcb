import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cookiesSet, documentsPage, fileUrl, item } from '../../src/api/schemas.ts'
import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { createAccessLinks, formatAccessCookie } from '../../src/identity/access-links.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { checkAtEdge, newEdgeKey } from '../cdn/edge-permission.ts'
import { codeOf, readAs } from '../support/api.ts'
import { createMemoryAudit } from '../support/audit.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { putDocument } from '../library/library.ts'
import { putItem, setAccess } from '../support/library.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const JWT_SECRET = 'a secret for tests that is long enough'
const ACCESS_KEY = 'an access key for tests that is long enough'
const EDGE_SECRET = 'what-the-distribution-says'
const PLAIN = { HALFTONE_JWT_SECRETS: JWT_SECRET, HALFTONE_ACCESS_KEYS: ACCESS_KEY }
const D = 'private, no-store, max-age=0, stale-if-error=0'
const BY_EDGE = { 'x-origin-verify': EDGE_SECRET }

const { privateKey, trusted } = newEdgeKey('ec')
const audit = createMemoryAudit()
let origin: RunningOrigin
let store: S3ObjectStore
let ana: { authorization: string }
let ben: { authorization: string }

const open = async (environment: Record<string, string>): Promise<TestGateway> => {
  const log = createLog('silent')
  const transport = createTransport(parseConfig(environment), log, store)
  return createTestGateway({ store, log, environment, audit: audit.trail, transport })
}

beforeAll(async () => {
  origin = await startOrigin()
  const { url: endpoint, bucket, ...credentials } = origin
  store = createS3ObjectStore({ bucket, region: 'us-east-1', endpoint, credentials, forcePathStyle: true })
  await putItem(store, 'hidden', ['#ff0000', '#00ff00'])
  await setAccess(store, 'hidden', 'private', 'ana')
  await putItem(store, 'other', ['#0000ff'])
  await setAccess(store, 'other', 'private', 'ana')
  await putItem(store, 'open', ['#0000ff'])
  await setAccess(store, 'open', 'public', 'ana')
  const [one, other] = await Promise.all(['ana', 'ben'].map(bearer))
  if (one === undefined || other === undefined) throw new Error('Two tokens were made')
  ana = one
  ben = other
})
afterAll(async () => {
  store.close()
  await origin.stop()
})
beforeEach(() => {
  audit.taken()
})

async function bearer(user: string) {
  const options = { secrets: [JWT_SECRET], audience: 'halftone', rolesClaim: 'roles' }
  const expiresAt = new Date(Date.now() + 600_000)
  return { authorization: `Bearer ${await mintToken(options, { user, roles: [], expiresAt })}` }
}

/** The target of a URL as the edge asks for it, once it has let the request through. */
function throughEdge(url: string, cookies?: Readonly<Record<string, string>>): string {
  const { allowed, forwarded } = checkAtEdge(trusted, { url, cookies, at: Date.now() / 1000 })
  if (!allowed) throw new Error(`The edge does not let through ${url}`)
  return forwarded.slice('https://cdn.test'.length)
}

/** Cookies of an answer: values by name, and what else is said of each. */
function cookiesOf(answer: Response) {
  const lines = answer.headers.getSetCookie().map((line) => line.split('; '))
  const values = Object.fromEntries(
    lines.map(([pair = '']) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  const limits = lines.map(([, ...rest]) => rest.toSorted().join('; '))
  return { values, limits: [...new Set(limits)] }
}

const asHeader = (values: Readonly<Record<string, string>>) => ({
  cookie: Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('; '),
})

const linesOf = (gateway: TestGateway, path: string, headers: Record<string, string>, method = 'GET') =>
  gateway.fetch(`/api/v1${path}`, { method, headers })

describe('requirements: Safety – signed URLs: what is private, through an edge that checks our signature', () => {
  let gateway: TestGateway
  let target: string

  beforeAll(async () => {
    gateway = await open({
      ...PLAIN,
      HALFTONE_CDN_URL: 'https://cdn.test/',
      HALFTONE_ORIGIN_SECRETS: EDGE_SECRET,
      HALFTONE_CLOUDFRONT_KEY_PAIR_ID: trusted.id,
      HALFTONE_CLOUDFRONT_PRIVATE_KEY: privateKey,
      HALFTONE_COOKIE_DOMAIN: 'test.example',
    })
    const { photos } = await readAs(await linesOf(gateway, '/items/hidden', ana), item)
    target = throughEdge(photos[0]?.urls.thumbnail ?? '')
  })
  afterAll(() => gateway.close())

  const look = (path: string, headers: Record<string, string> = BY_EDGE) => gateway.fetch(path, { headers })

  test('the API gives URLs that the edge and the gateway both accept', async () => {
    expect(target).toMatch(/^\/private\/img\/items\/hidden\/photos\/p1\/thumbnail\.webp\?expires=\d+&access=/)
    for (let view = 0; view < 2; view += 1) {
      const answer = await look(target)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toBe(D)
      expect(answer.headers.get('x-amz-meta-cache-tag')).toBeNull()
      expect(answer.headers.get('content-location')).toMatch(/^\/private\/img\/items\/hidden\/photos\/p1\/@/)
    }
    expect(audit.taken().map(({ detail, object }) => [detail, object])).toContainEqual([
      'link',
      'items/hidden/photos/p1',
    ])
  })

  test('the signature of the edge alone opens nothing: the link says who may read', async () => {
    const [path = ''] = target.split('?')
    expect(await codeOf(await look(path))).toBe('404 source_not_found')
    expect((await look(path)).headers.get('cache-control')).toBe(D)
    expect(await codeOf(await look(target.replace('/p1/', '/p2/')))).toBe('404 source_not_found')
  })

  test('the link alone opens nothing: not outside the tree, not without the secret of the distribution', async () => {
    expect(await codeOf(await look(target.replace('/private', '')))).toBe('404 source_not_found')
    for (const headers of [{}, { 'x-origin-verify': 'guessed-by-somebody' }]) {
      const answer = await look(target, headers)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await codeOf(answer)).toBe('403 origin_secret_required')
    }
  })

  test('a token is enough outside the tree, as ever', async () => {
    expect((await look('/img/items/hidden/photos/p1/320.webp', ana)).status).toBe(200)
  })

  test('redirects stay in the tree, and in no cache', async () => {
    const answer = await look(target.replace('thumbnail.webp', '301.webp'))
    expect(answer.status).toBe(308)
    expect(answer.headers.get('location')).toMatch(
      /^\/private\/img\/items\/hidden\/photos\/p1\/320\.webp\?expires=\d+&access=/,
    )
    expect(answer.headers.get('cache-control')).toBe(D)
  })

  test('what is public is kept outside the tree only', async () => {
    const open = '/img/items/open/320.webp'
    await look(open)
    expect((await look(open)).headers.get('cache-status')).toBe('memory; hit')
    expect((await look(open)).headers.get('cache-control')).toContain('s-maxage')
    const inTree = await look(`/private${open}`)
    expect([inTree.status, inTree.headers.get('cache-control')]).toEqual([200, D])
    expect(inTree.headers.get('x-amz-meta-cache-tag')).toBeNull()
  })

  test('nothing else has an address in the tree', async () => {
    for (const path of ['/private/livez', '/private/private/img/items/open/320.webp', '/private/']) {
      expect(await codeOf(await look(path))).toBe('404 route_not_found')
    }
  })

  test('cookies open all pictures of one item, at the edge and behind it', async () => {
    const answer = await linesOf(gateway, '/items/hidden/cookies', ana, 'POST')
    const { url, expiresAt } = await readAs(answer, cookiesSet)
    expect(url).toBe('https://cdn.test/private/img/items/hidden/')
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.now())
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { values, limits } = cookiesOf(answer)
    expect(limits).toEqual([
      'Domain=test.example; HttpOnly; Max-Age=900; Path=/private/img/items/hidden/; SameSite=Lax; Secure',
    ])
    for (const rest of ['photos/p1/320.webp', 'photos/p2/320.jpg', '320.webp']) {
      expect(
        (await look(throughEdge(`${url}${rest}`, values), { ...BY_EDGE, ...asHeader(values) })).status,
      ).toBe(200)
    }
    const entries = audit
      .taken()
      .map(({ action, principal, detail, object }) => [action, principal ?? detail, object].join(' '))
    expect(entries).toContain('grant ana items/hidden')
    expect(entries).toContain('read cookie items/hidden/photos/p2')
  })

  test('cookies open no other item, and nothing outside the tree or after their end', async () => {
    const answer = await linesOf(gateway, '/items/hidden/cookies', ana, 'POST')
    const { values } = cookiesOf(answer)
    const shown = { ...BY_EDGE, ...asHeader(values) }
    expect(() => throughEdge('https://cdn.test/private/img/items/other/320.webp', values)).toThrow(
      'does not let through',
    )
    expect((await look('/private/img/items/other/320.webp', shown)).status).toBe(404)
    expect((await look('/img/items/hidden/320.webp', shown)).status).toBe(404)
    const over = createAccessLinks([ACCESS_KEY]).signAll('items/hidden', new Date(Date.now() - 1000))
    const old = { ...BY_EDGE, ...asHeader({ '__Secure-halftone-access': formatAccessCookie(over) }) }
    expect((await look('/private/img/items/hidden/320.webp', old)).status).toBe(404)
  })

  test('who may not see the item gets no cookies; what is public needs none', async () => {
    for (const headers of [{}, ben]) {
      const answer = await linesOf(gateway, '/items/hidden/cookies', headers, 'POST')
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(await codeOf(answer)).toBe('404 not_found')
    }
    expect(audit.taken().map(({ action }) => action)).toEqual(['refuse', 'refuse'])
    const answer = await linesOf(gateway, '/items/open/cookies', {}, 'POST')
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await readAs(answer, cookiesSet)).toEqual({ url: 'https://cdn.test/img/items/open/' })
  })

  test('the URL of a document is signed for the edge, and still needs a token', async () => {
    await gateway.library?.documents.add('ana', await putDocument(store, 'ana', 'f1'), { by: 'ana' })
    const { documents } = await readAs(await linesOf(gateway, '/users/ana/documents', ana), documentsPage)
    const file = throughEdge(documents[0]?.url ?? '')
    expect(file).toBe('/private/api/v1/users/ana/documents/f1')
    expect(await codeOf(await look(file))).toBe('401 authentication_required')
    expect(await codeOf(await look(file, { ...BY_EDGE, ...ben }))).toBe('403 access_denied')
    const answer = await look(file, { ...BY_EDGE, ...ana })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, D])
  })
})

describe('cookies without an edge that signs', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await open(PLAIN)
  })
  afterAll(() => gateway.close())

  test('are for the pictures where they always are', async () => {
    const answer = await linesOf(gateway, '/items/hidden/cookies', ana, 'POST')
    const { values, limits } = cookiesOf(answer)
    expect(limits).toEqual(['HttpOnly; Max-Age=900; Path=/img/items/hidden/; SameSite=Lax; Secure'])
    expect(Object.keys(values)).toEqual(['__Secure-halftone-access'])
    const { url } = await readAs(answer, cookiesSet)
    const picture = await gateway.fetch(`${url}photos/p2/320.webp`, { headers: asHeader(values) })
    expect([picture.status, picture.headers.get('cache-control')]).toEqual([200, D])
    expect((await gateway.fetch('/img/items/other/320.webp', { headers: asHeader(values) })).status).toBe(404)
  })

  test('there is no tree that an edge signs for', async () => {
    expect(await codeOf(await gateway.fetch('/private/img/items/open/320.webp'))).toBe('404 route_not_found')
  })
})

describe('requirements: CDN – public URLs: the original of a photo', () => {
  const ask = async (environment: Record<string, string>, path: string, headers: Record<string, string>) => {
    const gateway = await open({ ...PLAIN, ...environment })
    try {
      return await linesOf(gateway, path, headers)
    } finally {
      await gateway.close()
    }
  }
  const path = '/items/open/photos/p1/original-url'

  test('is presigned where no address is known, for its owner, and audited', async () => {
    const { url, expiresAt } = await readAs(await ask({}, path, ana), fileUrl)
    expect(url.startsWith(`${origin.url}/`)).toBe(true)
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.now())
    const file = await fetch(url)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    expect(file.headers.get('content-disposition')).toContain('attachment')
    expect(audit.taken().map(({ action, object }) => `${action} ${object}`)).toEqual([
      'grant items/open/photos/p1',
    ])
  })

  test.each([
    [{ HALFTONE_PUBLIC_URL: 'https://gateway.test/' }, 'https://gateway.test'],
    [
      { HALFTONE_PUBLIC_URL: 'https://gateway.test', HALFTONE_CDN_URL: 'https://cdn.test' },
      'https://cdn.test',
    ],
  ])('is the API with %j', async (environment, base) => {
    expect(await readAs(await ask(environment, path, ana), fileUrl)).toEqual({
      url: `${base}/api/v1/items/open/photos/p1/download`,
    })
  })

  test('is nobody else’s', async () => {
    expect(await codeOf(await ask({}, path, ben))).toBe('403 access_denied')
    expect(await codeOf(await ask({}, path.replace('open', 'hidden'), ben))).toBe('404 not_found')
  })
})

describe('requirements: Safety – only the distribution is answered', () => {
  let gateway: TestGateway
  const secrets = ['the-secret-of-last-month', EDGE_SECRET]
  const TARGETS = [
    '/img/items/open/320.webp',
    '/img/items/open/640.webp',
    '/img/items/none/320.webp',
    '/img//320.webp',
    '/simg/x/items/open/320.webp',
    '/api/v1/items/open',
    '/api/v1/openapi.json',
    '/halftone.js',
    '/',
    '/nothing',
  ]

  beforeAll(async () => {
    gateway = await open({
      ...PLAIN,
      HALFTONE_ORIGIN_SECRETS: secrets.join(','),
      HALFTONE_ORIGIN_SECRET_REQUIRED: 'true',
    })
    await gateway.fetch('/img/items/open/320.webp', { headers: BY_EDGE })
  })
  afterAll(() => gateway.close())

  test('the first of the targets is answered out of memory, where it is answered', async () => {
    const hit = await gateway.fetch(TARGETS[0] ?? '', { headers: BY_EDGE })
    expect(hit.headers.get('cache-status')).toBe('memory; hit')
  })

  test.each(TARGETS)('%s, by any method', async (target) => {
    for (const headers of [{}, { 'x-origin-verify': `${EDGE_SECRET}!` }, { 'x-origin-verify': '' }]) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
        const answer = await gateway.fetch(target, { method, headers })
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([403, 'no-store'])
      }
    }
    for (const secret of secrets) {
      const answer = await gateway.fetch(target, { headers: { 'x-origin-verify': secret } })
      expect((await answer.text()).includes('origin_secret_required')).toBe(false)
    }
  })

  test('health is for whoever watches', async () => {
    expect((await gateway.fetch('/livez')).status).toBe(200)
    expect((await gateway.fetch('/readyz')).status).not.toBe(403)
  })

  test('the problem says what is missing', async () => {
    const problem = z.object({ code: z.string(), status: z.number() })
    expect(await readAs(await gateway.fetch('/img/items/open/320.webp'), problem)).toEqual({
      code: 'origin_secret_required',
      status: 403,
    })
  })
})
