import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { createAccessLinks, formatAccessGrant } from '../../src/identity/access-links.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import type { Role } from '../../src/identity/principal.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createMemoryAudit } from '../support/audit.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, plainJpeg, putItem, putProfile, setAccess } from '../support/library.ts'

const SECRET = 'a secret for tests that is long enough'
const ACCESS_KEY = 'an access key for tests that is long enough'
const API_SECRET = `hk_${'a'.repeat(32)}`
const SHOP_SECRET = `hk_${'b'.repeat(32)}`
const D = 'private, no-store, max-age=0, stale-if-error=0'
/** Of errors about it. */
const D4 = 'private, no-store'

const bucket = createMemoryObjectStore()
const audit = createMemoryAudit()
const links = createAccessLinks([ACCESS_KEY])
let gateway: TestGateway

beforeAll(async () => {
  await putItem(bucket, 'hidden', ['#ff0000', '#00ff00'])
  await setAccess(bucket, 'hidden', 'private', 'ana')
  await putItem(bucket, 'members', ['#0000ff'])
  await setAccess(bucket, 'members', 'authenticated', 'ana')
  await putItem(bucket, 'open', ['#ff0000'])
  await putProfile(bucket, 'ana', '#ff0000')
  const jpeg = { contentType: 'image/jpeg' }
  await bucket.put('items/hidden/photos/p1/large.jpg', await plainJpeg('#ff0000'), jpeg)
  await bucket.put('verification/ana/passport/f/scan.jpg', await plainJpeg('#000000'), jpeg)
  gateway = await createTestGateway({
    store: bucket,
    audit: audit.trail,
    environment: {
      HALFTONE_JWT_SECRETS: SECRET,
      HALFTONE_ACCESS_KEYS: ACCESS_KEY,
      HALFTONE_API_KEYS: `jobs:admin:${API_SECRET},shop::${SHOP_SECRET}`,
    },
  })
})
afterAll(() => gateway.close())
beforeEach(() => {
  audit.taken()
})

const PATH = '/img/items/hidden/photos/p1/320.webp'
const SOURCE = 'items/hidden/photos/p1'

const linkTo = (source: string, seconds = 60) =>
  formatAccessGrant(links.sign(source, new Date(Date.now() + seconds * 1000)))

async function bearer(user: string, ...roles: Role[]) {
  const options = { secrets: [SECRET], audience: 'halftone', rolesClaim: 'roles' }
  const token = await mintToken(options, { user, roles, expiresAt: new Date(Date.now() + 60_000) })
  return { authorization: `Bearer ${token}` }
}

const look = async (target: string, headers: Record<string, string> = {}, method = 'GET') =>
  gateway.fetch(target, { method, headers })

/** An answer without what is different in every one. */
async function shape(answer: Response) {
  const { 'x-request-id': _, ...headers } = Object.fromEntries(answer.headers)
  const text = (await answer.text()).replace(/"requestId":"[^"]*"/, '')
  return { status: answer.status, headers, text }
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of bucket.list(prefix)) keys.push(key)
  return keys
}

describe('requirements: Files – access public, authenticated, private', () => {
  test.each([
    ['items/hidden/photos/p1', 'nobody', 404],
    ['items/hidden/photos/p1', 'the owner', 200],
    ['items/hidden/photos/p1', 'somebody else', 404],
    ['items/hidden/photos/p1', 'an admin', 200],
    ['items/hidden/photos/p1', 'a reviewer', 200],
    ['items/hidden/photos/p1', 'a server', 404],
    ['items/hidden/photos/p1', 'an admin server', 200],
    ['items/hidden/photos/p1/large.jpg', 'nobody', 404],
    ['items/hidden/photos/p1/large.jpg', 'the owner', 200],
    ['items/members', 'nobody', 404],
    ['items/members', 'somebody else', 200],
    ['items/members', 'a server', 200],
    ['items/open', 'nobody', 200],
  ])('%s for %s: %i', async (source, who, status) => {
    const headers = {
      nobody: {},
      'the owner': await bearer('ana'),
      'somebody else': await bearer('ben'),
      'an admin': await bearer('ada', 'admin'),
      'a reviewer': await bearer('rex', 'reviewer'),
      'a server': { authorization: `Bearer ${SHOP_SECRET}` },
      'an admin server': { authorization: `Bearer ${API_SECRET}` },
    }[who]
    for (const spec of ['320.webp', 'auto', 'info.json', 'thumbhash']) {
      const name = spec === 'auto' ? '320.auto' : spec
      expect([spec, (await look(`/img/${source}/${name}`, headers)).status]).toEqual([spec, status])
    }
  })
})

describe('a picture that is not public', () => {
  test.each(['320.webp', '320.auto', 'info.json', 'thumbhash'])(
    '%s is kept by nobody, tagged by nothing, and stored in its own tree',
    async (spec) => {
      const target = `/img/items/hidden/photos/p2/${spec}${linkTo('items/hidden/photos/p2')}`
      const [made, again] = [await look(target), await look(target)]
      for (const answer of [made, again]) {
        expect(answer.status).toBe(200)
        expect(answer.headers.get('cache-control')).toBe(D)
        expect(answer.headers.get('x-amz-meta-cache-tag')).toBeNull()
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        expect(answer.headers.get('content-location')).not.toContain('?')
      }
      expect(again.headers.get('cache-status')).toBe('memory; hit')
      await gateway.verbs()
      expect(await keysOf('img/items/hidden/')).toEqual([])
      const [key = ''] = await keysOf('private/items/hidden/photos/p2/')
      const stored = await bucket.head(key)
      expect([stored?.cacheControl, stored?.metadata['cache-tag']]).toEqual([D, undefined])
    },
  )

  test('is shown at its versioned path, unconditionally or not, to who may read it only', async () => {
    const owner = await bearer('ana')
    const answer = await look(PATH, owner)
    const etag = answer.headers.get('etag') ?? ''
    const versioned = answer.headers.get('content-location') ?? ''
    await gateway.verbs()
    for (const target of [PATH, versioned, `${versioned}${linkTo(SOURCE)}`]) {
      const headers = target.includes('?') ? {} : owner
      const whole = await look(target, headers)
      expect([whole.status, whole.headers.get('cache-control')]).toEqual([200, D])
      const same = await look(target, { ...headers, 'if-none-match': etag })
      expect([same.status, same.headers.get('cache-control')]).toEqual([304, D])
      const part = await look(target, { ...headers, range: 'bytes=0-3' })
      expect([part.status, part.headers.get('cache-control')]).toEqual([206, D])
      const head = await look(target, headers, 'HEAD')
      expect([head.status, head.headers.get('content-length')]).toEqual([
        200,
        whole.headers.get('content-length'),
      ])
    }
  })

  test('of an older version goes to the current one, with the link and out of every cache', async () => {
    const versioned = (await look(PATH, await bearer('ana'))).headers.get('content-location') ?? ''
    const old = versioned.replace(/@[\w-]{12}/, '@ABCDEFGHIJKL')
    const link = linkTo(SOURCE)
    const moved = await look(`${old}${link}`)
    expect([moved.status, moved.headers.get('location')]).toEqual([302, `${versioned}${link}`])
    expect([moved.headers.get('cache-control'), moved.headers.get('x-amz-meta-cache-tag')]).toEqual([D, null])
    expect((await look(old)).status).toBe(404)
  })

  test('of another release is shown to who may read it only, and kept by nobody', async () => {
    const versioned = (await look(PATH, await bearer('ana'))).headers.get('content-location') ?? ''
    const theirs = versioned.replace(/(@[\w-]{12})[\w-]{3}/, '$1___')
    const answer = await look(theirs, await bearer('ana'))
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, D])
    expect((await look(theirs)).status).toBe(404)
  })

  test('a size in its place keeps the link, and no cache learns it', async () => {
    const link = linkTo(SOURCE)
    const answer = await look(`/img/${SOURCE}/321.webp${link}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([308, `/img/${SOURCE}/384.webp${link}`])
    expect(answer.headers.get('cache-control')).toBe(D)
  })

  test('that cannot be shown says so to who may read it only, and no cache keeps it', async () => {
    await bucket.put('items/hidden/no.jpg', Buffer.from('no picture'), { contentType: 'image/jpeg' })
    const refused = await look('/img/items/hidden/no.jpg/320.webp', await bearer('ana'))
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([415, D4])
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    expect((await look('/img/items/hidden/no.jpg/320.webp')).status).toBe(404)
  })
})

describe('strangers', () => {
  const missing = PATH.replace('photos/p1', 'photos/none')

  test.each([
    ['plainly', {}],
    ['with a condition that matches everything', { 'if-none-match': '*' }],
    ['with a range', { range: 'bytes=0-3' }],
    ['with a token of somebody else', 'ben'],
    ['with a token that is none', { authorization: 'Bearer no.such.token' }],
    ['with another scheme', { authorization: 'Basic YTpi' }],
  ])('cannot tell it from one that is not there: %s', async (_, credentials) => {
    const headers = typeof credentials === 'string' ? await bearer(credentials) : credentials
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT']) {
      const [hidden, none] = [await look(PATH, headers, method), await look(missing, headers, method)]
      const [hiddenShape, noneShape] = [await shape(hidden), await shape(none)]
      const tagless = { ...noneShape.headers }
      if ('x-amz-meta-cache-tag' in tagless) {
        tagless['x-amz-meta-cache-tag'] = tagless['x-amz-meta-cache-tag'].replace('none', 'p1')
      }
      expect(hiddenShape).toEqual({ ...noneShape, headers: tagless })
    }
  })

  test('learn nothing from the ETag that the owner has', async () => {
    const answer = await look(PATH, await bearer('ana'))
    const etag = answer.headers.get('etag') ?? ''
    const versioned = answer.headers.get('content-location') ?? ''
    for (const target of [PATH, versioned]) {
      for (const headers of [{}, await bearer('ben')]) {
        expect((await look(target, { ...headers, 'if-none-match': etag })).status).toBe(404)
        expect((await look(target, { ...headers, 'if-range': etag, range: 'bytes=0-1' })).status).toBe(404)
      }
    }
  })

  test('with a wrong token are told so, whether it is there or not, and public pictures do not ask', async () => {
    const headers = { authorization: 'Bearer no.such.token' }
    for (const target of [PATH, missing]) {
      const answer = await look(target, headers)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, D4])
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    }
    expect((await look('/img/items/open/320.webp', headers)).status).toBe(200)
  })
})

describe('links', () => {
  const other = (text: string) => (text.endsWith('A') ? `${text.slice(0, -1)}B` : `${text.slice(0, -1)}A`)
  const later = (link: string) => link.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 3600}`)

  test('reach the cover by the path of the item too, for as long as it is the cover', async () => {
    expect((await look(`/img/items/hidden/320.webp${linkTo(SOURCE)}`)).status).toBe(200)
    expect((await look(`/img/items/hidden/320.webp${linkTo('items/hidden/photos/p2')}`)).status).toBe(404)
  })

  test.each([
    ['of another photo', linkTo('items/hidden/photos/p2')],
    ['of the item', linkTo('items/hidden')],
    ['of another item', linkTo('items/open/photos/p1')],
    ['of the file behind it', linkTo(`${SOURCE}/large.jpg`)],
    ['made longer', later(linkTo(SOURCE))],
    ['over, and made longer', later(linkTo(SOURCE, -60))],
    ['with another signature', other(linkTo(SOURCE))],
    ['without its end', linkTo(SOURCE).replace(/expires=\d+&/, '')],
    ['with two ends', `${linkTo(SOURCE)}&expires=99999999999`],
    ['with two signatures', `${linkTo(SOURCE)}&access=x`],
    [
      'with a key that is not ours',
      formatAccessGrant(createAccessLinks(['x'.repeat(32)]).sign(SOURCE, new Date(9e12))),
    ],
    ['in a fragment', linkTo(SOURCE).replace('?', '#')],
    ['in the path', linkTo(SOURCE).replace('?', '%3F')],
  ])('are refused: %s', async (_, link) => {
    expect((await look(`${PATH}${link}`)).status).toBeGreaterThanOrEqual(400)
  })

  test('that are over say so, whether the picture is there or not', async () => {
    for (const source of [SOURCE, 'items/hidden/photos/none']) {
      const answer = await look(`/img/${source}/320.webp${linkTo(source, -60)}`)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([403, D4])
      expect(await answer.json()).toMatchObject({ code: 'access_denied' })
    }
  })

  test('are no key to anything else', async () => {
    for (const path of [
      'verification/ana/passport/f/scan.jpg',
      'private/x.jpg',
      'system/x.jpg',
      'temp/x.jpg',
    ]) {
      expect((await look(`/img/${path}/320.webp${linkTo(path)}`)).status).toBe(404)
    }
  })
})

describe('path tricks', () => {
  test.each([
    '/img/private/items/hidden/photos/p1/320.webp',
    '/img/verification/ana/passport/f/scan.jpg/320.webp',
    '/img/%76erification/ana/passport/f/scan.jpg/320.webp',
    '/img/items/hidden/album.json/320.webp',
    '/img/items/hidden/photos/p1/large.jpg/320.webp',
    '/img/items/hidden/photos/p1/large%2Ejpg/320.webp',
    '/img/items/open/../hidden/photos/p1/320.webp',
    '/img/items/open/%2e%2e/hidden/photos/p1/320.webp',
    '/img/items%2Fhidden/photos/p1/320.webp',
    '/img/items//hidden/photos/p1/320.webp',
    '/img/items/hidden/./photos/p1/320.webp',
    '/img/items\\hidden\\photos\\p1/320.webp',
    '/img/items/hidden%00/photos/p1/320.webp',
    '/img/Items/hidden/photos/p1/320.webp',
    '/img/items/%68idden/photos/p1/320.webp',
    '//img/items/hidden/photos/p1/320.webp',
    'http://elsewhere/img/items/hidden/photos/p1/320.webp',
    '/simg/x/items/hidden/photos/p1/320.webp',
    '/img/items/hidden/photos/p1/@ABCDEFGHIJKLMNO/320.webp',
  ])('%s shows nobody anything', async (target) => {
    const answer = await look(target)
    expect([308, 400, 403, 404]).toContain(answer.status)
    const text = await answer.text()
    expect(text === '' || JSON.parse(text).code !== undefined).toBe(true)
  })

  test('a stored variant is reached by no key', async () => {
    await look(PATH, await bearer('ana'))
    await gateway.verbs()
    for (const key of await keysOf('private/')) {
      for (const target of [`/${key}`, `/img/${key}`, `/img/${key.replace('private/', '')}`]) {
        expect((await look(target)).status).toBe(404)
      }
    }
  })
})

describe('a change of access', () => {
  test('takes effect with the next look at the record, also where the picture lies in memory', async () => {
    await putItem(bucket, 'turning', ['#ff0000'])
    const target = '/img/items/turning/320.webp'
    const open = await look(target)
    const versioned = open.headers.get('content-location') ?? ''
    await look(versioned)
    await gateway.verbs()
    await setAccess(bucket, 'turning', 'private', 'ana')
    gateway.sources.forget('items/turning')
    expect((await look(target)).status).toBe(404)
    // The look-up of the photo's own path is another one.
    expect((await look(target.replace('turning', 'turning/photos/p1'))).status).toBe(404)
    expect((await look(versioned)).status).toBe(404)
    const owner = await bearer('ana')
    const mine = await look(versioned, owner)
    expect([mine.status, mine.headers.get('cache-control')]).toEqual([200, D])
    expect(await middleColour(Buffer.from(await mine.arrayBuffer()))).toEqual(
      await middleColour(Buffer.from(await open.arrayBuffer())),
    )

    await setAccess(bucket, 'turning', 'public', 'ana')
    gateway.sources.forget('items/turning')
    const again = await look(versioned)
    expect([again.status, again.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ])
    await gateway.verbs()
  })

  test('purges what was made under the other tree, in the bucket and on every replica', async () => {
    await putItem(bucket, 'purged', ['#ff0000'])
    const versioned = (await look('/img/items/purged/320.webp')).headers.get('content-location') ?? ''
    await gateway.verbs()
    await forget(bucket, ['items/purged'], () => setAccess(bucket, 'purged', 'private', 'ana'))
    await gateway.journal.read()
    expect(await keysOf('img/items/purged/')).toEqual([])
    expect((await look(versioned)).status).toBe(404)
    expect((await look(versioned, await bearer('ana'))).status).toBe(200)
    await gateway.verbs()
    expect(await keysOf('private/items/purged/')).toHaveLength(1)
    await forget(bucket, ['items/purged'], () => setAccess(bucket, 'purged', 'public', 'ana'))
    await gateway.journal.read()
    expect(await keysOf('private/items/purged/')).toEqual([])
    expect((await look(versioned)).headers.get('cache-control')).toContain('immutable')
  })
})

describe('requirements: Files – every access to a private thing in an audit trail', () => {
  const refusals = [
    [{}, { principal: undefined }],
    [{ authorization: `Bearer ${SHOP_SECRET}` }, { principal: 'shop' }],
    [{ authorization: 'Bearer x.y.z' }, { principal: undefined, detail: 'token_invalid' }],
  ] as const

  test('readings are in it once, by whom, also of what memory has and what has not changed', async () => {
    const owner = await bearer('ana')
    const etag = (await look(PATH, owner)).headers.get('etag') ?? ''
    const entry = { action: 'read', object: SOURCE, principal: 'ana', requestId: expect.any(String) }
    expect(audit.taken()).toEqual([expect.objectContaining(entry)])
    expect((await look(PATH, { ...owner, 'if-none-match': etag })).status).toBe(304)
    expect(audit.taken()).toEqual([expect.objectContaining(entry)])
    await look(`${PATH}${linkTo(SOURCE)}`)
    expect(audit.taken()).toMatchObject([
      { action: 'read', object: SOURCE, principal: undefined, detail: 'link' },
    ])
  })

  test.each(refusals)('refusals are in it: %j', async (headers, who) => {
    await look(PATH, headers)
    expect(audit.taken()).toMatchObject([{ action: 'refuse', object: SOURCE, ...who }])
  })

  test('what is public and what is not there is not', async () => {
    await look('/img/items/open/320.webp', await bearer('ana'))
    await look('/img/items/none/320.webp', await bearer('ana'))
    expect(audit.taken()).toEqual([])
  })

  test('nobody gets what could not be written down', async () => {
    const failing = await createTestGateway({
      store: bucket,
      audit: { record: async () => Promise.reject(new Error('The trail is away')) },
      environment: { HALFTONE_ACCESS_KEYS: ACCESS_KEY },
    })
    try {
      expect((await failing.fetch(`${PATH}${linkTo(SOURCE)}`)).status).toBe(500)
      expect((await failing.fetch('/img/items/open/320.webp')).status).toBe(200)
    } finally {
      await failing.close()
    }
  })
})
