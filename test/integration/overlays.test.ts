import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signRest } from '../../src/urls/signature.ts'
import { formatInline, readOverlay } from '../../src/transform/overlay.ts'
import { distance, type OpenSite, pictureOf, type Site, startSite } from '../support/cloudflare.ts'
import { putItem, setAccess } from '../support/library.ts'
import { type Colour, paint } from '../support/pictures.ts'

const BLUE: Colour = [20, 40, 200]
const RED: Colour = [220, 20, 20]

const OVERLAYS = {
  logo: { url: 'brand/logo.png', bottom: 10, right: 10 },
  sale: { text: 'SALE', size: 0.5, colour: '#ffffff' },
  hidden: { url: 'items/hidden/own.png', top: 0, left: 0 },
  gone: { url: 'brand/gone.png' },
  broken: { url: 'brand/broken.png' },
}

const inline = (overlay: object) => formatInline(readOverlay(overlay))

let site: Site
let gateway: OpenSite

const open = async (overlays: object, environment: Record<string, string> = {}) =>
  site.open({
    environment: {
      HALFTONE_OVERLAYS: JSON.stringify(overlays),
      HALFTONE_INLINE_OVERLAYS: 'true',
      ...environment,
    },
  })

beforeAll(async () => {
  site = await startSite()
  await site.put(
    'a.png',
    paint(640, 320, () => BLUE),
    'png',
  )
  const logo = paint(40, 20, () => RED)
  await site.put('brand/logo.png', logo, 'png')
  await site.store.put('brand/broken.png', Buffer.from('<html>'), { contentType: 'image/png' })
  await putItem(site.store, 'hidden', ['#20c020'])
  await putItem(site.store, 'shown', ['#20c020'])
  await setAccess(site.store, 'hidden', 'private')
  await site.put('items/hidden/own.png', logo, 'png')
  gateway = await open(OVERLAYS)
})
afterAll(async () => {
  await gateway.close()
  await site.stop()
})

/** Expects a picture that is red in this box, and blue around it. */
async function expectLogo(
  answer: Response,
  [left, top, width, height]: readonly [number, number, number, number],
) {
  const picture = await pictureOf(answer)
  const inside = [
    [left + 1, top + 1],
    [left + width - 2, top + height - 2],
  ] as const
  const around = [
    [left - 2, top - 2],
    [left + width + 1, top + height + 1],
  ] as const
  for (const [x, y] of inside) expect(distance(picture.colourAt(x, y), RED)).toBeLessThan(25)
  for (const [x, y] of around) expect(distance(picture.colourAt(x, y), BLUE)).toBeLessThan(25)
  return picture
}

describe('an overlay of the operator', () => {
  test('lies where its preset says, in both dialects, as one picture', async () => {
    const native = await gateway.fetch('/img/a.png/640,draw=logo.webp')
    const theirs = await gateway.get('w=640,draw=logo,f=webp/a.png')
    expect([native.status, theirs.status]).toEqual([200, 200])
    expect(theirs.headers.get('etag')).toBe(native.headers.get('etag'))
    const { width, height } = await expectLogo(native, [590, 290, 40, 20])
    expect([width, height]).toEqual([640, 320])
    await expectLogo(theirs, [590, 290, 40, 20])
  })

  test('is stored with the picture, which has a place for good', async () => {
    const answer = await gateway.fetch('/img/a.png/320,draw=logo.webp')
    const place = answer.headers.get('content-location') ?? ''
    expect(place).toMatch(/^\/img\/a\.png\/@[\w-]{15}\/320,draw=logo\.webp$/)
    await gateway.writeBack.drain()
    expect(await site.store.head(place.slice(1))).toBeDefined()
    const again = await gateway.fetch(place)
    expect([again.status, again.headers.get('etag')]).toEqual([200, answer.headers.get('etag')])
  })

  test('and another one come in their order', async () => {
    const picture = await pictureOf(await gateway.get('w=640,draw=sale;logo,f=png/a.png'))
    await expectLogo(await gateway.get('w=640,draw=sale;logo,f=png/a.png'), [590, 290, 40, 20])
    const across = Array.from({ length: 640 }, (_, x) => picture.colourAt(x, 160))
    expect(across.some((colour) => distance(colour, [255, 255, 255]) < 10)).toBe(true)
  })

  test('may be a file that strangers may not see', async () => {
    expect((await gateway.fetch('/img/items/hidden/own.png/40.png')).status).toBe(404)
    const picture = await pictureOf(await gateway.fetch('/img/a.png/640,draw=hidden.png'))
    expect(picture.colourAt(5, 5)).toEqual([...RED])
  })

  test('that is not there, or no picture, leaves no picture without it', async () => {
    const expectProblem = async (name: string, status: number, code: string, detail: string) => {
      const answer = await gateway.fetch(`/img/a.png/640,draw=${name}.webp`)
      expect(answer.status).toBe(status)
      const problem: unknown = await answer.json()
      expect(problem).toMatchObject({ code, detail: expect.stringContaining(detail) })
      expect(JSON.stringify(problem)).not.toContain('brand/')
    }
    await expectProblem('gone', 404, 'overlay_not_found', 'overlay gone is not there')
    await expectProblem('broken', 502, 'overlay_unusable', 'overlay broken cannot be drawn')
    await expectProblem('nobody', 400, 'invalid_target', 'there is no overlay nobody')
    expect((await gateway.fetch('/img/a.png/640.webp')).status).toBe(200)
    const theirs = await gateway.get('w=640,draw=gone/a.png')
    expect([theirs.status, theirs.headers.get('cf-resized')]).toEqual([404, 'err=9404'])
  })

  test('that changes makes new versions of pictures', async () => {
    const [before, changed] = [
      await gateway.fetch('/img/a.png/480,draw=logo.webp'),
      await open({ ...OVERLAYS, logo: { ...OVERLAYS.logo, right: 100 } }),
    ]
    try {
      const after = await changed.fetch('/img/a.png/480,draw=logo.webp')
      expect(after.status).toBe(200)
      expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
      expect(after.headers.get('content-location')).not.toBe(before.headers.get('content-location'))
      await expectLogo(after, [340, 210, 40, 20])
    } finally {
      await changed.close()
    }
  })
})

describe('an overlay in the URL', () => {
  test('is drawn like a preset', async () => {
    const name = inline({ url: 'brand/logo.png', top: 12, left: 34 })
    await expectLogo(await gateway.fetch(`/img/a.png/640,draw=${name}.webp`), [34, 12, 40, 20])
    const text = inline({ text: 'Hi', size: 100 })
    const picture = await pictureOf(await gateway.fetch(`/img/a.png/640,draw=${text}.png`))
    const all = Array.from({ length: 640 * 320 }, (_, at) => picture.colourAt(at % 640, Math.floor(at / 640)))
    expect(all.some((colour) => distance(colour, [255, 255, 255]) === 0)).toBe(true)
  })

  test.each([
    ['no JSON', '~YQ'],
    ['no overlay', `~${Buffer.from('{"t":"a"}').toString('base64url')}`],
    ['opposite margins', `~${Buffer.from('{"url":"a","top":1,"bottom":1}').toString('base64url')}`],
    ['another server', `~${Buffer.from('{"url":"http://a/b"}').toString('base64url')}`],
  ])('%s: 400', async (_, name) => {
    const answer = await gateway.fetch(`/img/a.png/640,draw=${name}.webp`)
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid_target' }),
    ])
    const theirs = await gateway.get(`w=640,draw=${name}/a.png`)
    expect([theirs.status, theirs.headers.get('cf-resized')]).toEqual([400, 'err=9401'])
  })

  test('shows no file that strangers may not see, nor one that the library looks after', async () => {
    const shown = await gateway.fetch('/img/items/shown/640.png')
    expect(shown.status).toBe(200)
    const photos: string[] = []
    for await (const { key } of site.store.list('items/')) if (/original-/.test(key)) photos.push(key)
    expect(photos).toHaveLength(2)
    const keys = [
      ...photos,
      'items/hidden/own.png',
      'system/journal',
      'items/shown/album.json',
      'nowhere.png',
    ]
    for (const url of keys) {
      const answer = await gateway.fetch(`/img/a.png/640,draw=${inline({ url })}.png`)
      expect([url, answer.status]).toEqual([url, 404])
      expect(await answer.json()).toMatchObject({ code: 'overlay_not_found' })
    }
  })

  test('is for those who may sign, unless the operator lets everybody', async () => {
    const key = 'a key of at least sixteen characters'
    const strict = await open(OVERLAYS, {
      HALFTONE_INLINE_OVERLAYS: 'false',
      HALFTONE_SIZES: 'any',
      HALFTONE_SIGNING_KEYS: key,
    })
    try {
      const rest = `a.png/640,draw=${inline({ text: 'Not ours' })}.webp`
      const plain = await strict.fetch(`/img/${rest}`)
      expect([plain.status, await plain.json()]).toEqual([
        403,
        expect.objectContaining({ code: 'signature_required' }),
      ])
      const theirs = await strict.get(`w=640,f=webp,draw=${inline({ text: 'Not ours' })}/a.png`)
      expect([theirs.status, theirs.headers.get('cf-resized')]).toEqual([403, 'err=9423'])
      expect((await strict.fetch('/img/a.png/640,draw=logo.webp')).status).toBe(200)
      expect((await strict.fetch(`/simg/${signRest(rest, key)}/${rest}`)).status).toBe(200)
    } finally {
      await strict.close()
    }
  })

  test('draws on the budget, presets do not', async () => {
    const strict = await open(OVERLAYS, { HALFTONE_SIZES: 'ladder', HALFTONE_OFF_LADDER_PER_SOURCE: '1' })
    try {
      const ask = async (name: string) => (await strict.fetch(`/img/a.png/750,draw=${name}.webp`)).status
      expect(await ask(inline({ text: 'one' }))).toBe(200)
      expect(await ask(inline({ text: 'two' }))).toBe(429)
      expect(await ask('logo')).toBe(200)
      expect(await ask('sale.logo')).toBe(200)
    } finally {
      await strict.close()
    }
  })
})
