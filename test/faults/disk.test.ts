import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readAs, TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { createClient, pictureForm } from '../support/journey.ts'
import { plainJpeg } from '../support/library.ts'
import { environmentOf, openOrigin, type Served, serve } from '../support/program.ts'
import { type RawAnswer, sendSigned } from '../origin/signed-request.ts'
import { z } from 'zod'
import { NO_MOUNTS, type OriginOnSmallDisk, startOnSmallDisk } from './small-disk.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const WAIT = { timeout: 30_000 }

if (NO_MOUNTS !== undefined) console.log(`No full disk is tried: ${NO_MOUNTS}`)

const MEGABYTES = 6
const PIECE = Buffer.alloc(500_000, 'a piece of what fills a disk; ')

let origin: OriginOnSmallDisk
let bucket: ReturnType<typeof openOrigin>
let gateway: Served
let client: ReturnType<typeof createClient>
let ana: string

async function request(method: string, key: string, body?: Buffer): Promise<RawAnswer> {
  const { url, bucket: name, accessKeyId: accessKey, secretAccessKey: secret } = origin
  return sendSigned({ url, method, path: `/${name}/${key}`, accessKey, secret, ...(body && { body }) })
}

/** Puts pieces until one is refused: how many there are then, and how it was refused. */
async function fill(): Promise<{ count: number; refusal: RawAnswer }> {
  for (let count = 0; ; count += 1) {
    const answer = await request('PUT', `filling/${count}`, PIECE)
    if (answer.status !== 200) return { count, refusal: answer }
  }
}

async function upload(itemId: string, colour: string): Promise<Response> {
  return client.call(`POST /items/${itemId}/photos`, ana, { body: pictureForm(await plainJpeg(colour)) })
}

/** What a client that is told "not now" may hold on to: a refusal with a code, and never an acknowledgement. */
async function refusalOf(answer: Response): Promise<string> {
  const { code } = await readAs(answer, z.object({ code: z.string() }))
  return `${answer.status} ${code}`
}

describe.skipIf(NO_MOUNTS !== undefined)('the disk under the origin', () => {
  beforeAll(async () => {
    origin = await startOnSmallDisk(MEGABYTES)
    bucket = openOrigin(origin)
    await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
    gateway = await serve({
      ...environmentOf(origin),
      HALFTONE_WORKERS: '1',
      HALFTONE_JWT_SECRETS: TOKEN_SECRET,
      HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    })
    client = createClient(gateway.url)
    ana = await tokenOf('ana')
    await upload('before', '#00ff00')
  })
  afterAll(async () => {
    gateway.kill('SIGTERM')
    await gateway.ended
    bucket.close()
    await origin.stop()
  })

  test('full: what comes is refused whole, what is there is served, and with space all goes on', async () => {
    const { count, refusal } = await fill()
    expect(count).toBeGreaterThan(3)
    expect({ status: refusal.status, code: refusal.code }).toEqual({
      status: 507,
      code: 'InsufficientStorage',
    })
    expect((await request('GET', `filling/${count}`)).code).toBe('NoSuchKey')
    // Over one that is there: the old one stays.
    const over = await request('PUT', 'filling/0', Buffer.alloc(PIECE.length, 'b'))
    expect(over.code).toBe('InsufficientStorage')
    for (let piece = 0; piece < count; piece += 1)
      expect((await request('GET', `filling/${piece}`)).body.equals(PIECE), `piece ${piece}`).toBe(true)

    // The last kilobytes too, which whatever is small would still find.
    await origin.atDisk('cat /dev/zero >"$DIR/last" 2>/dev/null; true')
    expect((await client.look('/img/photos/a.jpg/320.webp')).status).toBe(200)
    expect(await refusalOf(await upload('full', '#0000ff'))).toBe('502 bucket_refused')
    expect(await (await client.call('GET /items/before', ana)).json()).toMatchObject({ itemId: 'before' })

    // Removing needs no space.
    for (let piece = 0; piece < count; piece += 1)
      expect((await request('DELETE', `filling/${piece}`)).status).toBe(204)
    await origin.atDisk('rm "$DIR/last"')
    expect((await upload('full', '#0000ff')).status).toBe(201)
    const next = await client.look('/img/photos/a.jpg/480.webp')
    const key = (next.headers.get('content-location') ?? '').slice(1)
    await expect.poll(async () => (await bucket.head(key)) !== undefined, WAIT).toBe(true)
  })

  test('read-only: reads go on, writes are refused, and afterwards all goes on', async () => {
    // Not while a file is open for writing.
    await vi.waitFor(async () => origin.atDisk('mount -o remount,ro "$DIR"'), WAIT)
    const put = await request('PUT', 'new', PIECE)
    expect({ status: put.status, code: put.code }).toEqual({ status: 507, code: 'InsufficientStorage' })
    const removed = await request('DELETE', 'photos/a.jpg')
    expect({ status: removed.status, code: removed.code }).toEqual({
      status: 507,
      code: 'InsufficientStorage',
    })
    expect((await request('GET', 'photos/a.jpg')).status).toBe(200)
    expect((await request('GET', 'new')).code).toBe('NoSuchKey')
    expect((await client.look('/img/photos/a.jpg/640.webp')).status).toBe(200)
    expect(await refusalOf(await upload('read-only', '#00ff00'))).toBe('502 bucket_refused')

    await origin.atDisk('mount -o remount,rw "$DIR"')
    expect((await request('PUT', 'new', PIECE)).status).toBe(200)
    expect((await upload('read-only', '#00ff00')).status).toBe(201)
  })
})
