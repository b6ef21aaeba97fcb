import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ticket } from '../../src/api/schemas.ts'
import { mintToken } from '../../src/identity/tokens.ts'
import { readAs, TOKEN_SECRET } from '../support/api.ts'
import { createClient, photoOf } from '../support/journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import { environmentOf, openOrigin, runProgram, type Served, serve } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { sendTicket } from '../support/upload-client.ts'
import { createJumpingClock, type JumpingClock } from './jumping-clock.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const WAIT = { timeout: 30_000 }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let origin: RunningOrigin
let clock: JumpingClock
let gateway: Served
let bucket: ReturnType<typeof openOrigin>
let client: ReturnType<typeof createClient>
let ana: string

beforeAll(async () => {
  origin = await startOrigin()
  clock = createJumpingClock()
  bucket = openOrigin(origin)
  gateway = await serve({
    ...environmentOf(origin),
    ...clock.environment,
    HALFTONE_LOOKUP_TTL_MS: '200',
    HALFTONE_WORKERS: '1',
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
  })
  client = createClient(gateway.url)
  const expiresAt = new Date(Date.now() + DAY_MS)
  ana = `Bearer ${await mintToken({ secrets: [TOKEN_SECRET], audience: 'halftone', rolesClaim: 'roles' }, { user: 'ana', roles: [], expiresAt })}`
})
afterAll(async () => {
  gateway.kill('SIGTERM')
  await gateway.ended
  bucket.close()
  clock.remove()
  await origin.stop()
})

async function colourOf(answer: Response): Promise<string> {
  if (answer.status !== 200) return `${answer.status}`
  const [red = 0, green = 0, blue = 0] = await middleColour(new Uint8Array(await answer.arrayBuffer()))
  return ['red', 'green', 'blue'][[red, green, blue].findIndex((part) => part > 200)] ?? 'another'
}

const paint = async (key: string, colour: string) =>
  bucket.put(key, await plainJpeg(colour), { contentType: 'image/jpeg' })

describe.each([
  { what: 'set back', hours: -6 },
  { what: 'set forward', hours: 6 },
])('a wall clock that is $what by six hours while the gateway runs', ({ what, hours }) => {
  const key = `photos/${what.replace(' ', '-')}.jpg`
  const path = `/img/${key}/320.webp`
  let begun: {
    readonly uploadId: string
    readonly file: Buffer
    readonly ticket: ReturnType<typeof ticket.parse>
  }

  beforeAll(async () => {
    await clock.jump(gateway, 0)
    await paint(key, '#ff0000')
    await client.look(path)
    const file = await plainJpeg('#00ff00')
    const json = {
      kind: 'item-photo',
      ownerId: `before${hours}`,
      fileName: 'a.jpg',
      contentType: 'image/jpeg',
      bytes: file.length,
    }
    const asked = await readAs(await client.call('POST /uploads', ana, { json }), ticket)
    begun = { uploadId: asked.uploadId, file, ticket: asked }
    await clock.jump(gateway, hours * HOUR_MS)
  })

  test('a picture that is replaced in the bucket is shown as soon as at any time', async () => {
    await paint(key, '#0000ff')
    await expect.poll(async () => colourOf(await client.look(path)), WAIT).toBe('blue')
  })

  test('what is rendered is stored', async () => {
    const answer = await client.look(path.replace('320', '480'))
    expect(answer.status).toBe(200)
    const stored = (answer.headers.get('content-location') ?? '').slice(1)
    await expect.poll(async () => (await bucket.head(stored)) !== undefined, WAIT).toBe(true)
    expect((await client.look('/readyz')).status).toBe(200)
  })

  test('a file comes in by a ticket, and one whose ticket was given out before', async () => {
    const file = await plainJpeg('#00ff00')
    const photo = await client.uploadPhoto(ana, { kind: 'item-photo', ownerId: `after${hours}` }, file)
    expect(await colourOf(await client.look(photo.urls.medium))).toBe('green')
    expect(await sendTicket(begun.ticket, begun.file)).toBe('stored')
    const completed = await photoOf(await client.call(`POST /uploads/${begun.uploadId}/complete`, ana))
    expect(await colourOf(await client.look(completed.urls.medium))).toBe('green')
  })
})

test('a sweep by a clock that is a month ahead takes nothing that is a minute old', async () => {
  await clock.jump(gateway, 0)
  // Nobody names it: it is the sweep's, but only once it is old.
  const lost = `items/9/photos/p/original-${'a'.repeat(22)}.jpg`
  await paint(lost, '#ff0000')
  const before = await keys()
  const ahead = `--import=data:text/javascript,${encodeURIComponent(`
    const Real = Date
    globalThis.Date = class extends Real {
      constructor(...given) { super(...(given.length === 0 ? [Real.now() + ${30 * DAY_MS}] : given)) }
      static now() { return Real.now() + ${30 * DAY_MS} }
    }`)}`
  for (let times = 0; times < 2; times += 1) {
    const run = runProgram(['sweep', '--delete'], { ...environmentOf(origin), NODE_OPTIONS: ahead })
    expect(await run.ended, run.output.join('\n')).toBe(0)
  }
  const after = new Set(await keys())
  const gone = before.filter((one) => !after.has(one))
  // Variants of the versions that were replaced go at once, at any time.
  expect(gone.filter((one) => !/^(system|img)\//.test(one))).toEqual([])
  expect(after).toContain(lost)
})

async function keys(): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of bucket.list('')) found.push(key)
  return found
}
