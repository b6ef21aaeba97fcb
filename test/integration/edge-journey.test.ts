import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { cookiesSet } from '../../src/api/schemas.ts'
import { checkAtEdge } from '../cdn/edge-permission.ts'
import { readAs, tokenOf } from '../support/api.ts'
import { beginEdgeJourney, BY_EDGE, type EdgeJourney, HURRIED, LOCATIONS } from '../support/edge-journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import type { Served } from '../support/program.ts'

// A machine that does much else at the same time takes its time over six programs.
vi.setConfig({ testTimeout: 120_000 })

const WAIT = { timeout: 20_000, interval: 50 }
const PHOTO = { kind: 'item-photo', ownerId: '42' }
const COVER = '/img/items/42/thumbnail.webp'

const purge = z.object({ id: z.string(), phase: z.string(), invalidations: z.array(z.string()) })
const queue = z.object({
  waiting: z.number(),
  sent: z.number(),
  refusal: z.object({ reason: z.string() }).optional(),
})

let journey: EdgeJourney
let ana: string
let admin: string
let red: Buffer
let green: Buffer
let blue: Buffer

beforeAll(async () => {
  journey = await beginEdgeJourney()
  ana = await tokenOf('ana')
  admin = await tokenOf('operator', 'admin')
  red = await plainJpeg('#ff0000', 640, 480)
  green = await plainJpeg('#00ff00', 640, 480)
  blue = await plainJpeg('#0000ff', 640, 480)
  // By the time that they are looked at, the edge has been told of them twice.
  const { uploadPhoto } = journey.client()
  await Promise.all(['7', '9'].map(async (ownerId) => uploadPhoto(ana, { ...PHOTO, ownerId }, red)))
})
afterAll(async () => journey.close())

/** The colour of a picture, or the status of another answer. */
async function shownBy(answer: Response): Promise<string | number> {
  const body = new Uint8Array(await answer.arrayBuffer())
  if (answer.status !== 200) return answer.status
  const channels = await middleColour(body)
  return ['red', 'green', 'blue'][channels.findIndex((part) => part > 200)] ?? 'another'
}

const ask = async (url: string, target: string, headers: Record<string, string> = {}) =>
  fetch(new URL(target, url), { headers, redirect: 'manual' })

/** What viewers near each location see. */
const seen = async (target: string) =>
  Promise.all(journey.urls.map(async (url) => shownBy(await ask(url, target))))

/** Until both locations show this; longer than the second purge takes it may not be. */
async function untilSeen(target: string, what: string | number): Promise<void> {
  await expect.poll(async () => seen(target), WAIT).toEqual([what, what])
}

const queueNow = async () => readAs(await journey.client().call('GET /purges', admin), queue)

/** Until the edge has been told everything, also for the second time. */
async function untilPurged(): Promise<void> {
  await expect.poll(queueNow, WAIT).toMatchObject({ waiting: 0, sent: 0 })
}

/** What the edge was told since a number of invalidations. */
const toldSince = (count: number) =>
  journey.api.invalidations.taken.slice(count).flatMap(({ items }) => items)

/** What is held of paths that begin so, and is no error. */
const heldBelow = (prefix: string) =>
  journey.edge.held().filter(({ path, status }) => path.startsWith(prefix) && status === 200)

/** What the gateway itself says, as to the edge. */
const atGateways = async (target: string) =>
  Promise.all(journey.replicas.map(async ({ url }) => (await ask(url, target, BY_EDGE)).status))

const figureOf = async (replica: Served, name: string) => {
  const text = await (await fetch(new URL('/metrics', replica.adminUrl))).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}

describe('requirements: Flows – a journey behind the edge, two gateways and two locations', () => {
  let first: { readonly photoId: string; readonly urls: Readonly<Record<string, string>> }
  let versioned: string

  test('what was not there is seen once it is uploaded, and from then on the edge has it', async () => {
    expect(await seen(COVER)).toEqual([404, 404])
    expect((await ask(journey.urls[0] ?? '', COVER)).headers.get('x-cache')).toBe('Error from cloudfront')
    first = await journey.client().uploadPhoto(ana, PHOTO, red)
    await untilSeen(COVER, 'red')
    for (const [index, url] of journey.urls.entries()) {
      const isHit = async () => (await ask(url, COVER)).headers.get('x-cache')
      await expect.poll(isHit, { ...WAIT, message: LOCATIONS[index] ?? '' }).toBe('Hit from cloudfront')
    }
    versioned = (await ask(journey.urls[0] ?? '', COVER)).headers.get('content-location') ?? ''
    await untilSeen(versioned, 'red')
  })

  test('a replaced picture is the new one at both locations, and the edge is told twice', async () => {
    await untilPurged()
    const before = journey.api.invalidations.taken.length
    await journey.client().uploadPhoto(ana, { ...PHOTO, photoId: first.photoId }, green)
    await untilSeen(COVER, 'green')
    await untilSeen(`/img/items/42/photos/${first.photoId}/thumbnail.webp`, 'green')
    await untilPurged()
    const photoTag = `#photo:42%2F${first.photoId}`
    expect(toldSince(before).filter((item) => item === photoTag)).toHaveLength(2)
    // After the second purge nobody has the old one.
    expect(await seen(COVER)).toEqual(['green', 'green'])
    expect(await seen(versioned)).toEqual([302, 302])
    expect(await journey.keysUnder(versioned.slice(1))).toEqual([])
  })

  test('another cover, then hidden: gone from the edge, and nothing private is held there', async () => {
    const { uploadPhoto, call, itemOf } = journey.client()
    const second = await uploadPhoto(ana, PHOTO, blue)
    const photoIds = [second.photoId, first.photoId]
    expect((await call('PUT /items/42/order', ana, { json: { photoIds } })).status).toBe(200)
    await untilSeen(COVER, 'blue')
    expect((await call('PUT /items/42', ana, { json: { access: 'private' } })).status).toBe(200)
    await untilSeen(COVER, 404)
    await untilSeen(`/img/items/42/photos/${first.photoId}/thumbnail.webp`, 404)
    const url = (await itemOf(ana, '42')).photos[1]?.urls.thumbnail ?? ''
    const check = { url, at: Date.now() / 1000 }
    const { allowed, forwarded } = checkAtEdge(journey.trusted, check)
    expect(allowed).toBe(true)
    for (const asked of [url, forwarded]) {
      const answer = await fetch(asked)
      expect([answer.headers.get('x-cache'), await shownBy(answer)]).toEqual([
        'Miss from cloudfront',
        'green',
      ])
    }
    const [bare = ''] = url.split('?')
    expect(checkAtEdge(journey.trusted, { ...check, url: bare }).allowed).toBe(false)
    expect((await fetch(bare)).status).toBe(404)
    await untilPurged()
    expect([...heldBelow('/img/items/42/'), ...heldBelow('/private/')]).toEqual([])
    expect(await journey.keysUnder('img/items/42/')).toEqual([])
  })

  test('cookies open the pictures of the hidden item, through the edge', async () => {
    const answer = await journey.client().call('POST /items/42/cookies', ana)
    const { url } = await readAs(answer, cookiesSet)
    const pairs = answer.headers.getSetCookie().map((line) => line.split('; ')[0] ?? '')
    const cookies = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s, 2)))
    const target = `${url}photos/${first.photoId}/thumbnail.webp`
    expect(checkAtEdge(journey.trusted, { url: target, cookies, at: Date.now() / 1000 }).allowed).toBe(true)
    expect(await shownBy(await fetch(target, { headers: { cookie: pairs.join('; ') } }))).toBe('green')
    expect((await fetch(target)).status).toBe(404)
    expect(heldBelow('/private/')).toEqual([])
  })

  test('whoever goes past the edge is refused', async () => {
    for (const { url } of journey.replicas)
      for (const headers of [{}, { 'x-origin-verify': 'guessed-by-somebody' }]) {
        const answer = await ask(url, COVER, headers)
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([403, 'no-store'])
      }
  })
})

describe('requirements: CDN – warm, S3 first, hit ratio: with the programs', () => {
  let paths: string[]

  test('what is warmed the edge has, and its logs say so', async () => {
    const warm = ['warm', 'items/7', '--sizes', 'thumbnail,320', '--url', journey.urls[1] ?? '']
    expect(await journey.halftone(...warm)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^2 pictures warm/m),
    })
    const again = await journey.halftone(...warm)
    expect(again.output).toMatch(/answered by: edge 2$/m)
    const stats = await journey.halftone('stats', 'cdn', '--logs', journey.log, '--json')
    const { edge } = z
      .object({ edge: z.object({ traffic: z.object({ requests: z.number(), hitRatio: z.number() }) }) })
      .parse(JSON.parse(stats.output))
    expect(edge.traffic.requests).toBeGreaterThan(10)
    expect(edge.traffic.hitRatio).toBeGreaterThan(0)
    expect(edge.traffic.hitRatio).toBeLessThan(1)
  })

  test('versioned pictures come from the bucket, and the gateways are not asked', async () => {
    const answers = await Promise.all(
      ['thumbnail', '320'].map(async (size) => ask(journey.urls[1] ?? '', `/img/items/7/${size}.webp`)),
    )
    paths = answers.map((answer) => answer.headers.get('content-location') ?? '')
    await expect
      .poll(async () => journey.keysUnder('img/items/7/'), WAIT)
      .toEqual(expect.arrayContaining(paths.map((path) => path.slice(1))))
    const [gateway, bucket] = [journey.edge.asked('gateway'), journey.edge.asked('bucket')]
    for (const path of paths) expect(await seen(path)).toEqual(['red', 'red'])
    expect(journey.edge.asked('gateway')).toBe(gateway)
    // Origin Shield asks once for both locations; Frankfurt and Ashburn may ask it at the same time.
    expect(journey.edge.asked('bucket') - bucket).toBe(paths.length)
  })

  test('a deleted picture is gone from bucket, gateways and edge', async () => {
    expect((await journey.client().call('DELETE /items/7', ana)).status).toBe(204)
    for (const path of ['/img/items/7/320.webp', ...paths]) await untilSeen(path, 404)
    await untilPurged()
    for (const path of ['/img/items/7/320.webp', ...paths]) {
      expect(await seen(path)).toEqual([404, 404])
      expect(await atGateways(path)).toEqual([404, 404])
    }
    expect(heldBelow('/img/items/7/')).toEqual([])
    expect(await journey.keysUnder('img/items/7/')).toEqual([])
    expect((await journey.keysUnder('items/7/')).filter((key) => !key.endsWith('.json'))).toEqual([])
  })
})

describe('requirements: CDN – purging by hand, and in spite of everything', () => {
  const shown = '/img/items/9/thumbnail.webp'

  test('what is asked for has an id, and is done when the edge was told twice', async () => {
    const [photo] = (await journey.client().itemOf(ana, '9')).photos
    await untilSeen(shown, 'red')
    const answer = await journey.client().call('POST /purge', admin, { json: { items: ['9'] } })
    expect(answer.status).toBe(202)
    const { id } = await readAs(answer, purge)
    expect(answer.headers.get('location')).toBe(`/api/v1/purges/${id}`)
    const byCommand = await journey.halftone('purge', `items/9/photos/${photo?.photoId}`)
    const commandId = /--status (\S+)/.exec(byCommand.output)?.[1] ?? ''
    expect(byCommand.code).toBe(0)
    const find = async (one: string) =>
      readAs(await journey.client().call(`GET /purges/${one}`, admin), purge)
    for (const one of [id, commandId]) {
      await expect.poll(async () => (await find(one)).phase, WAIT).toBe('done')
      expect((await find(one)).invalidations).toHaveLength(2)
    }
    expect((await journey.halftone('purge', '--status', commandId)).output).toMatch(
      /: done since .*I\d+, I\d+/,
    )
    expect(await seen(shown)).toEqual(['red', 'red'])
  })

  /** Refuses so from now on, until it is told otherwise. */
  const refuse = (status: number, code: string) => () => journey.api.invalidations.fail(1000, status, code)

  test.each<[string, string, 'private' | 'public', () => void]>([
    ['is busy', 'busy', 'private', refuse(400, 'TooManyInvalidationsInProgress')],
    ['says 503', 'unreachable', 'public', refuse(503, 'ServiceUnavailable')],
    ['says nothing', 'unreachable', 'private', () => journey.api.misbehave('hang', 1000)],
  ])('while the API %s a change is made all the same, and purged later', async (_, reason, access, fail) => {
    await untilPurged()
    const before = journey.api.invalidations.taken.length
    fail()
    // It is answered while nobody takes its purge.
    const answer = await journey.client().call('PUT /items/9', ana, { json: { access } })
    expect([answer.status, toldSince(before)]).toEqual([200, []])
    await expect.poll(queueNow, WAIT).toMatchObject({ waiting: 1, refusal: { reason } })
    const name = `halftone_purge_calls_total{outcome="${reason}"}`
    const refused = await Promise.all(journey.replicas.map(async (replica) => figureOf(replica, name)))
    expect(Math.max(...refused)).toBeGreaterThan(0)
    journey.api.invalidations.fail(0, 200, 'none')
    journey.api.misbehave('hang', 0)
    await untilSeen(shown, access === 'public' ? 'red' : 404)
    await expect.poll(() => toldSince(before), WAIT).toContain('#item:9')
    await expect.poll(queueNow, WAIT).toMatchObject({ waiting: 0 })
  })

  test('the state of the queue is told by a command, whichever replica sends', async () => {
    journey.api.invalidations.fail(1000, 403, 'AccessDenied')
    const json = { items: ['8'], tags: ['#item:9'] }
    expect((await journey.client().call('POST /purge', admin, { json })).status).toBe(202)
    await expect.poll(queueNow, WAIT).toMatchObject({ refusal: { reason: 'denied' } })
    const { output } = await journey.halftone('purge', '--status')
    expect(output).toMatch(/^1 waiting for the edge, the oldest for \d+ s$/m)
    expect(output).toMatch(/^not taken at .*: denied, /m)
    journey.api.invalidations.fail(0, 200, 'none')
    await expect.poll(queueNow, WAIT).toMatchObject({ waiting: 0 })
  })

  test('a sender that is killed between the two purges has a successor', async () => {
    const taken = await Promise.all(
      journey.replicas.map(async (one) => figureOf(one, 'halftone_purge_calls_total{outcome="taken"}')),
    )
    const sender = journey.replicas[taken.indexOf(Math.max(...taken))]
    if (sender === undefined) throw new Error('Nobody sends')
    await untilPurged()
    const before = journey.api.invalidations.taken.length
    const { call } = journey.client()
    expect((await call('PUT /items/9', ana, { json: { access: 'public' } })).status).toBe(200)
    await expect.poll(() => toldSince(before), WAIT).toEqual(['#item:9'])
    await journey.end(sender, 'SIGKILL')
    expect(await queueNow()).toMatchObject({ waiting: 0, sent: 1 })
    // For it the minute after which a sender is taken for gone is three seconds.
    await journey.start(HURRIED)
    await expect.poll(() => toldSince(before), WAIT).toEqual(['#item:9', '#item:9'])
    await untilPurged()
    await untilSeen(shown, 'red')
  })
})
