import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryAudit } from '../support/audit.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { ACCOUNT_HASH, putAccount, putHostedImage, signatureFor } from '../support/hosted.ts'
import { middleColour, putItem, setAccess } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const [KEY, OLD_KEY] = ['the key of the account', 'the one before it']
const SECRET = 'a-secret-of-the-distribution'
const MOUNTS = ['', '/cdn-cgi/imagedelivery']
const NOW_S = Math.floor(Date.now() / 1000)
const LATER = NOW_S + 86_400
const fitted = { fit: 'scale-down', metadata: 'none' } as const

const audit = createMemoryAudit()
let origin: RunningOrigin
let bucket: ReturnType<typeof openOrigin>
let gateway: TestGateway
let open: string
let hidden: string

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOrigin(origin)
  await putAccount(bucket, {
    keys: [
      { name: 'default', value: KEY },
      { name: 'old', value: OLD_KEY },
    ],
    variants: {
      thumb: {
        options: { fit: 'cover', metadata: 'none', width: 123, height: 77, browserTtlS: 7_200 },
        neverRequireSignedUrls: false,
      },
      teaser: { options: { ...fitted, width: 90, blur: 20 }, neverRequireSignedUrls: true },
    },
  })
  open = await putHostedImage(bucket, { colour: '#ff0000' })
  hidden = await putHostedImage(bucket, { colour: '#00ff00', isPrivate: true })
  gateway = await startGateway({ HALFTONE_SIZES: 'any' })
})
afterAll(async () => {
  await gateway.close()
  bucket.close()
  await origin.stop()
})
beforeEach(() => {
  audit.taken()
})

const startGateway = async (environment: Record<string, string>) =>
  createTestGateway({
    store: bucket,
    audit: audit.trail,
    environment: {
      HALFTONE_CLOUDFLARE_ACCOUNT: 'account',
      HALFTONE_CLOUDFLARE_ACCOUNT_HASH: ACCOUNT_HASH,
      HALFTONE_ORIGIN_SECRETS: SECRET,
      ...environment,
    },
  })

/** What the edge sends where it keys on the format. */
const throughEdge = (accept: string) => ({ 'x-img-accept': accept, 'x-origin-verify': SECRET })

const at = (id: string, variant: string) => `/${ACCOUNT_HASH}/${id}/${variant}`
const look = (target: string, headers: Record<string, string> = {}, method = 'GET') =>
  gateway.fetch(target, { method, headers })

async function sidesOf(answer: Response) {
  const { width, height, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
  return [width, height, format]
}

async function countBelow(prefix: string): Promise<number> {
  let count = 0
  for await (const { key } of bucket.list(prefix)) count += key.startsWith(prefix) ? 1 : 0
  return count
}

async function refusal(answer: Response) {
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  const [, number] = /^ERROR (\d{4}): \S/.exec(text) ?? []
  expect(answer.headers.get('cf-resized')).toBe(`err=${number}`)
  return [answer.status, Number(number)]
}

describe.each(MOUNTS)('a public image below %j', (mount) => {
  test('is what the variant says, in the format that the client knows', async () => {
    const webp = await look(`${mount}${at(open, 'public')}`, { accept: 'image/webp,*/*' })
    expect([webp.status, webp.headers.get('content-type')]).toEqual([200, 'image/webp'])
    expect(webp.headers.get('vary')).toMatch(/\bAccept\b/)
    expect(webp.headers.get('cf-resized')).toMatch(/^internal=ok\//)
    expect(await sidesOf(webp)).toEqual([1229, 768, 'webp'])
    expect(await sidesOf(await look(`${mount}${at(open, 'thumb')}`))).toEqual([123, 77, 'jpeg'])
  })

  test('is the same variant as by its native URL', async () => {
    const answer = await look(`${mount}${at(open, 'public')}`, { accept: 'image/webp,*/*' })
    const native = await look(`/img/items/${open}/1366x768,fit=scale-down.webp`)
    expect([native.status, native.headers.get('etag')]).toEqual([200, answer.headers.get('etag')])
    expect(answer.headers.get('content-location')).toBe(native.headers.get('content-location'))
    const known = { accept: 'image/webp', 'if-none-match': answer.headers.get('etag') ?? '' }
    expect((await look(`${mount}${at(open, 'public')}`, known)).status).toBe(304)
  })

  test('needs no signature, and minds none', async () => {
    for (const query of ['?sig=0', '?exp=1&sig=0', '?v=2']) {
      expect((await look(`${mount}${at(open, 'thumb')}${query}`)).status).toBe(200)
    }
  })

  test('has no options of somebody’s own while the account has them off', async () => {
    expect(await refusal(await look(`${mount}${at(open, 'w=80')}`))).toEqual([403, 9429])
  })

  test.each([
    ['no id', () => `/${ACCOUNT_HASH}/public`, 403, 9426],
    ['bad UTF-8', () => at('%ff', 'public'), 403, 9426],
    ['an unknown id', () => at(crypto.randomUUID(), 'public'), 404, 9431],
    ['an unknown variant', () => at(open, 'none'), 404, 9431],
    ['a variant of every object', () => at(open, 'constructor'), 404, 9431],
  ])('is not found by %s', async (_, target, status, number) => {
    expect(await refusal(await look(`${mount}${target()}`))).toEqual([status, number])
  })
})

test('another account is none of ours', async () => {
  const other = at(open, 'public').replace(ACCOUNT_HASH, `${ACCOUNT_HASH}x`)
  expect(await refusal(await look(`/cdn-cgi/imagedelivery${other}`))).toEqual([403, 9427])
  expect(await (await look(other)).json()).toMatchObject({ code: 'route_not_found' })
})

describe('copies of a public image', () => {
  test('are kept by browsers as the account says, and the variant before it', async () => {
    const control = async (variant: string, headers = {}) =>
      (await look(at(open, variant), headers)).headers.get('cache-control')
    const untold = 's-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400'
    const edge = throughEdge('webp')
    expect(await control('public', edge)).toBe(`public, max-age=172800, ${untold}`)
    expect(await control('thumb', edge)).toBe(`public, max-age=7200, ${untold}`)
    expect(await control('thumb')).toBe('private, max-age=7200, stale-if-error=0')
  })

  test('carry the tags of item and variant', async () => {
    const tags = (await look(at(open, 'thumb'))).headers.get('x-amz-meta-cache-tag')
    expect(tags?.split(',')).toEqual(expect.arrayContaining([`item:${open}`, 'variant:thumb']))
  })
})

describe.each(MOUNTS)('a private image below %j', (mount) => {
  const signed = (variant: string, key = KEY, exp: number | undefined = LATER) =>
    `${mount}${at(hidden, variant)}${signatureFor(at(hidden, variant), key, exp)}`

  test('is shown to whoever has a signature by one of the keys, and written down', async () => {
    const answer = await look(signed('thumb'))
    expect(answer.status).toBe(200)
    expect(audit.taken()).toMatchObject([{ action: 'read', detail: 'signature' }])
    expect((await look(signed('thumb', OLD_KEY))).status).toBe(200)
    expect((await look(signed('thumb'), {}, 'HEAD')).status).toBe(200)
    const forGood = `${mount}${at(hidden, 'thumb')}${signatureFor(at(hidden, 'thumb'), KEY)}`
    expect((await look(forGood)).status).toBe(200)
    const [red = 255, green = 0] = await middleColour(new Uint8Array(await answer.arrayBuffer()))
    expect(red < 50 && green > 200).toBe(true)
  })

  test('may be kept by them alone, until the signature ends', async () => {
    const day = await look(signed('thumb'))
    expect(day.headers.get('cache-control')).toBe('private, max-age=3600, stale-if-error=0')
    const soon = await look(signed('thumb', KEY, Math.floor(Date.now() / 1000) + 100))
    const [, seconds] = /^private, max-age=(\d+), /.exec(soon.headers.get('cache-control') ?? '') ?? []
    expect(Number(seconds)).toBeGreaterThan(0)
    expect(Number(seconds)).toBeLessThanOrEqual(100)
    for (const name of ['x-amz-meta-cache-tag', 'access-control-allow-origin', 'content-location'])
      expect([name, day.headers.get(name)]).toEqual([name, null])
    const headers = { 'if-none-match': day.headers.get('etag') ?? '' }
    const same = await look(signed('thumb'), headers)
    expect([same.status, same.headers.get('cache-control')]).toEqual([304, day.headers.get('cache-control')])
    expect(await refusal(await look(`${mount}${at(hidden, 'thumb')}`, headers))).toEqual([403, 9425])
  })

  test.each([
    ['nothing', () => `${mount}${at(hidden, 'thumb')}`],
    ['an exp alone', () => `${mount}${at(hidden, 'thumb')}?exp=${LATER}`],
    ['a key that is none', () => signed('thumb', 'another key')],
    ['an exp that has passed', () => signed('thumb', KEY, NOW_S - 1)],
    ['a later exp', () => signed('thumb').replace(`exp=${LATER}`, `exp=${LATER + 1}`)],
    ['more in the query', () => `${signed('thumb')}&v=1`],
    [
      'a signature for good and an exp',
      () =>
        `${mount}${at(hidden, 'thumb')}?exp=${LATER}${signatureFor(at(hidden, 'thumb'), KEY).replace('?', '&')}`,
    ],
    ['the signature of another variant', () => signed('public').replace('/public', '/thumb')],
    ['the signature of the whole path', () => wholePath()],
  ])('is refused with %s', async (_, target) => {
    const answer = await look(target())
    expect(await refusal(answer)).toEqual([403, 9425])
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    expect(audit.taken()).toMatchObject([{ action: 'refuse' }])
  })

  /** What is signed begins with the hash; without a mount it is another path's. */
  function wholePath(): string {
    const path = `/cdn-cgi/imagedelivery${at(hidden, 'thumb')}`
    return `${mount}${at(hidden, 'thumb')}${signatureFor(path, KEY, LATER)}`
  }

  test('is public in a variant that is always so, for an hour, and nowhere else', async () => {
    const answer = await look(`${mount}${at(hidden, 'teaser')}`, throughEdge('webp'))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe(
      'public, max-age=3600, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400',
    )
    expect(answer.headers.get('x-amz-meta-cache-tag')).toBe(
      `item:${hidden},photo:${hidden}%2Fp1,variant:teaser`,
    )
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('content-location')).toBeNull()
    expect(audit.taken()).toEqual([])
    await gateway.verbs()
    expect(await countBelow(`img/items/${hidden}/`)).toBe(0)
    expect(await countBelow(`private/items/${hidden}/`)).toBeGreaterThan(0)
    expect((await look(`/img/items/${hidden}/90,blur=20.webp`)).status).toBe(404)
  })
})

describe('images', () => {
  test.each(['shop/2026/red shoe.jpg', '100% wool', 'café/ü', 'a=b'])('called %s', async (id) => {
    await putHostedImage(bucket, { colour: '#0000ff', id })
    const path = id.split('/').map(encodeURIComponent).join('/')
    expect(await sidesOf(await look(at(path, 'thumb')))).toEqual([123, 77, 'jpeg'])
  })

  test('whose file has not come are not there', async () => {
    const id = await putHostedImage(bucket, { colour: '#0000ff', isDraft: true })
    expect(await refusal(await look(at(id, 'thumb')))).toEqual([404, 9431])
  })

  test('are no items of the library that merely have such an id', async () => {
    const id = crypto.randomUUID()
    await putItem(bucket, id, ['#0000ff'])
    await setAccess(bucket, id, 'private')
    for (const variant of ['teaser', `public${signatureFor(at(id, 'public'), KEY)}`]) {
      expect(await refusal(await look(at(id, variant)))).toEqual([404, 9431])
    }
  })

  test('are read with GET, HEAD and OPTIONS', async () => {
    const answer = await look(at(open, 'thumb'), {}, 'POST')
    expect([answer.headers.get('allow'), ...(await refusal(answer))]).toEqual([
      'GET, HEAD, OPTIONS',
      405,
      9424,
    ])
    expect((await look(at(open, 'thumb'), {}, 'OPTIONS')).status).toBe(204)
  })

  test('that are drawings are shown as they are, harmless, in every variant', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script><path d="M0 0h9v9z"/></svg>'
    const id = await putHostedImage(bucket, { colour: '#0000ff' })
    const key = `items/${id}/album.json`
    const read = await bucket.get(key)
    if (read.outcome !== 'found') throw new Error('no album')
    const album = JSON.parse(read.object.body.toString())
    const [photo] = album.photos
    const file = `items/${id}/photos/p1/original-drawing.svg`
    const put = await bucket.put(file, Buffer.from(svg), { contentType: 'image/svg+xml' })
    if (put.outcome !== 'stored') throw new Error('not stored')
    const drawn = { ...photo, key: file, etag: put.etag, contentType: 'image/svg+xml', bytes: svg.length }
    await bucket.put(key, Buffer.from(JSON.stringify({ ...album, photos: [drawn] })), {
      contentType: 'application/json',
    })
    const answer = await look(at(id, 'thumb'))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
    const text = await answer.text()
    expect(text).toContain('<path')
    expect(text).not.toContain('script')
  })
})

describe('with flexible variants', () => {
  let flexible: TestGateway

  beforeAll(async () => {
    await putAccount(bucket, { flexibleVariants: true, variants: await variantsNow() })
    flexible = await startGateway({
      HALFTONE_SIZES: 'signed',
      HALFTONE_SIGNING_KEYS: 'a key to sign sizes with',
    })
  })
  afterAll(() => flexible.close())

  async function variantsNow() {
    const read = await bucket.get('system/hosted/account.json')
    if (read.outcome !== 'found') throw new Error('no account')
    return JSON.parse(read.object.body.toString()).variants
  }

  test('options are those of /cdn-cgi/image/, but negotiated without a format', async () => {
    const relaxed = await startGateway({})
    const answer = await relaxed.fetch(at(open, 'fit=cover,w=64,h=48'), { headers: { accept: 'image/webp' } })
    expect(await sidesOf(answer)).toEqual([64, 48, 'webp'])
    const jpeg = await relaxed.fetch(at(open, 'f=jpeg,w=96'), { headers: { accept: 'image/webp' } })
    expect(await sidesOf(jpeg)).toEqual([96, 60, 'jpeg'])
    expect(await refusal(await relaxed.fetch(at(open, 'format=jpg,onerror=redirect')))).toEqual([400, 9401])
    await relaxed.close()
  })

  test('are never of private images, signed or not', async () => {
    for (const query of ['', signatureFor(at(hidden, 'w=80'), KEY, LATER)]) {
      expect(await refusal(await flexible.fetch(`${at(hidden, 'w=80')}${query}`))).toEqual([403, 9425])
    }
  })

  test('named ones are rendered in any size, options as the operator has it', async () => {
    expect(await refusal(await flexible.fetch(at(open, 'w=77')))).toEqual([403, 9423])
    const id = await putHostedImage(bucket, { colour: '#0000ff' })
    const answer = await flexible.fetch(at(id, 'thumb'))
    expect(await sidesOf(answer)).toEqual([123, 77, 'jpeg'])
    // Natively strangers would have to sign it.
    expect(answer.headers.get('content-location')).toBeNull()
  })
})

test('without an account there is nothing', async () => {
  const none = await createTestGateway({ store: bucket })
  for (const mount of MOUNTS) expect((await none.fetch(`${mount}${at(open, 'public')}`)).status).toBe(404)
  await none.close()
})
