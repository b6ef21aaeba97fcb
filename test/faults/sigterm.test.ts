import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { plainJpeg } from '../support/library.ts'
import { encode, photo } from '../support/pictures.ts'
import { environmentOf, openOrigin, type Served, serve } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { readAlbum } from '../sweep/sweeping.ts'
import { createBalancer } from './balancer.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** `npm run test:faults` asks for more. */
const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 1)
const CLIENTS = 8
const WARM_UP = 15

let origin: RunningOrigin
let bucket: ReturnType<typeof openOrigin>
const running = new Set<Served>()

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOrigin(origin)
  await bucket.put('photos/small.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await bucket.put('photos/photo.jpg', await encode(photo(800, 600), 'jpg'), { contentType: 'image/jpeg' })
})
afterAll(async () => {
  for (const gateway of running) gateway.kill('SIGKILL')
  bucket.close()
  await origin.stop()
})

async function startReplica(): Promise<Served> {
  const gateway = await serve({
    ...environmentOf(origin),
    HALFTONE_SIZES: 'any',
    HALFTONE_WORKERS: '1',
    HALFTONE_QUEUE_WAIT_MS: '30000',
    HALFTONE_RENDER_TIMEOUT_MS: '30000',
    HALFTONE_REQUEST_TIMEOUT_MS: '60000',
    HALFTONE_GRACE_MS: '60000',
    // The balancer looks every few milliseconds; a machine that is busy with other things may keep it from that.
    HALFTONE_DRAIN_DELAY_MS: '1000',
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    HALFTONE_LIMIT_TICKETS: '0',
    HALFTONE_LIMIT_COMPLETES: '0',
    HALFTONE_ITEM_PHOTOS_MAX: '1000',
    HALFTONE_ITEM_PHOTO_PRESETS: 'thumbnail',
  })
  running.add(gateway)
  return gateway
}

const uploaded = z.object({ photo: z.object({ photoId: z.string() }) })

/** Clients that look at pictures that are there and pictures that are not, and upload; each waits for its answer. */
function startLoad(balancer: ReturnType<typeof createBalancer>, token: string, file: Buffer) {
  const counts = { hits: 0, misses: 0, uploads: 0 }
  const failures: string[] = []
  const photoIds: string[] = []
  let count = 0
  const over = new AbortController()

  async function turn(number: number): Promise<void> {
    if (number % 10 < 4) {
      const { status, text } = await balancer.send('/img/photos/small.jpg/100.webp')
      if (status !== 200) throw new Error(`hit: ${status} ${text}`)
      counts.hits += 1
    } else if (number % 10 < 8) {
      // Another picture each time: width and height count up.
      const path = `/img/photos/photo.jpg/${100 + (number % 500)}x${100 + Math.floor(number / 500)}.webp`
      const { status, text } = await balancer.send(path)
      if (status !== 200) throw new Error(`miss: ${status} ${text}`)
      counts.misses += 1
    } else {
      const form = new FormData()
      form.append('file', new Blob([new Uint8Array(file)], { type: 'image/jpeg' }), 'a.jpg')
      const written = new Response(form)
      const { status, text } = await balancer.send(`/api/v1/items/${number % 4}/photos`, {
        method: 'POST',
        headers: {
          authorization: token,
          'content-type': written.headers.get('content-type') ?? '',
        },
        body: Buffer.from(await written.arrayBuffer()),
      })
      if (status !== 201 && status !== 200) throw new Error(`upload: ${status} ${text}`)
      photoIds.push(`items/${number % 4}/photos/${uploaded.parse(JSON.parse(text)).photo.photoId}`)
      counts.uploads += 1
    }
  }

  async function client(): Promise<void> {
    while (!over.signal.aborted) {
      count += 1
      try {
        await turn(count)
      } catch (error) {
        failures.push(String(error))
      }
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return {
    counts,
    failures,
    photoIds,
    done: () => counts.hits + counts.misses + counts.uploads,
    async stop() {
      over.abort()
      await Promise.all(clients)
    },
  }
}

/** The photos that albums name and whose files are there. */
async function photosNamed(): Promise<ReadonlySet<string>> {
  const files = new Set<string>()
  for await (const { key } of bucket.list('items/')) files.add(key)
  const found = new Set<string>()
  for (const itemId of [0, 1, 2, 3]) {
    const { photos } = await readAlbum(bucket, `${itemId}`)
    for (const { photoId, key } of photos) if (files.has(key)) found.add(`items/${itemId}/photos/${photoId}`)
  }
  return found
}

async function waiting({ adminUrl }: Served): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  return Number(/^halftone_queue_length (\d+)/m.exec(metrics)?.[1])
}

test(
  'SIGTERM under full load, one replica after the other: no request fails, and nothing that came in is lost',
  async () => {
    const balancer = createBalancer()
    const replicas = [await startReplica(), await startReplica()]
    for (const { url } of replicas) balancer.add(url)
    await vi.waitFor(() => expect(balancer.ready()).toBe(2), 10_000)
    const load = startLoad(balancer, await tokenOf('ana'), await plainJpeg('#00ff00'))
    try {
      for (let stop = 0; stop < 2 * ROUNDS; stop += 1) {
        const goal = load.done() + WARM_UP
        await vi.waitFor(() => expect(load.done()).toBeGreaterThan(goal), 30_000)
        const [leaving] = replicas.splice(0, 1)
        if (leaving === undefined) throw new Error('No replica is left')
        // Pictures wait for a worker at this moment.
        await vi.waitFor(async () => expect(await waiting(leaving)).toBeGreaterThan(0), 30_000)
        leaving.kill('SIGTERM')
        expect(await leaving.ended, leaving.output.join('\n')).toBe(0)
        running.delete(leaving)
        const next = await startReplica()
        replicas.push(next)
        balancer.add(next.url)
        await vi.waitFor(() => expect(balancer.ready()).toBe(2), 10_000)
      }
    } finally {
      await load.stop()
      await balancer.close()
    }
    const named = await photosNamed()
    console.log(`${2 * ROUNDS} stops: ${JSON.stringify(load.counts)}, ${load.failures.length} failed`)
    expect(load.failures).toEqual([])
    for (const count of Object.values(load.counts)) expect(count).toBeGreaterThan(0)
    expect(load.photoIds.filter((path) => !named.has(path))).toEqual([])
    for (const gateway of running) gateway.kill('SIGTERM')
    expect(await Promise.all([...running].map(async ({ ended }) => ended))).toEqual([0, 0])
    running.clear()
  },
  60_000 + ROUNDS * 120_000,
)
