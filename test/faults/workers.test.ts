import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { plainJpeg } from '../support/library.ts'
import { encode, photo } from '../support/pictures.ts'
import { type Served, workersOf } from '../support/program.ts'
import { openSite, type Site } from '../support/site.ts'

// Several programs start and stop, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const WAIT = { timeout: 30_000 }

/** `npm run test:faults` asks for more. */
const ROUNDS = 3 * Number(process.env['FAULT_ROUNDS'] ?? 1)

const LINUX = process.platform === 'linux'

let site: Site
let bucket: Site['bucket']
let gateway: Served

beforeAll(async () => {
  site = await openSite({
    HALFTONE_WORKERS: '2',
    HALFTONE_SIZES: 'any',
    HALFTONE_RENDER_TIMEOUT_MS: '5000',
    // Whoever waits for new workers on a busy machine is patient.
    HALFTONE_QUEUE_WAIT_MS: '50000',
    HALFTONE_REQUEST_TIMEOUT_MS: '60000',
  })
  bucket = site.bucket
  gateway = site.gateway
  await bucket.put('photos/hit.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
})
afterAll(async () => site.close())

const look = async (path: string) => fetch(`${gateway.url}/img/photos/${path}`)
const descriptors = (): number => readdirSync(`/proc/${gateway.pid}/fd`).length

test.runIf(LINUX)(
  `all workers killed at once, ${ROUNDS} times, while pictures wait: hits go on, every picture comes`,
  async () => {
    expect((await look('hit.jpg/100.webp')).status).toBe(200)
    const before = descriptors()
    const source = await encode(photo(600, 450), 'jpg')
    for (let round = 0; round < ROUNDS; round += 1) {
      const names = [0, 1, 2, 3].map((number) => `${round}-${number}.jpg`)
      for (const name of names) await bucket.put(`photos/${name}`, source, { contentType: 'image/jpeg' })
      const misses = names.map(async (name) => (await look(`${name}/500.webp`)).status)
      await expect.poll(() => workersOf(gateway.pid).length, WAIT).toBe(2)
      for (const worker of workersOf(gateway.pid)) process.kill(worker, 'SIGKILL')
      const hit = await look('hit.jpg/100.webp')
      expect([hit.status, hit.headers.get('cache-status')]).toEqual([200, 'memory; hit'])
      expect(await Promise.all(misses)).toEqual([200, 200, 200, 200])
    }
    await expect.poll(() => workersOf(gateway.pid).length, WAIT).toBe(2)
    // Nothing of the dead is kept: sockets to the bucket may be a few more.
    await expect.poll(descriptors, WAIT).toBeLessThan(before + 12)
  },
  60_000 + ROUNDS * 20_000,
)

test.runIf(LINUX)(
  'workers that hang: each costs one picture a verdict, and new ones do the rest',
  async () => {
    await expect.poll(() => workersOf(gateway.pid).length, WAIT).toBe(2)
    for (const worker of workersOf(gateway.pid)) process.kill(worker, 'SIGSTOP')
    const misses = [201, 202, 203, 204, 205].map(
      async (width) => (await look(`hit.jpg/${width}.webp`)).status,
    )
    expect((await look('hit.jpg/100.webp')).headers.get('cache-status')).toBe('memory; hit')
    const statuses = await Promise.all(misses)
    // One that had not said yet that it is ready is replaced without a picture.
    const verdicts = statuses.filter((status) => status === 415)
    expect([1, 2]).toContain(verdicts.length)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5 - verdicts.length)
    expect((await look('hit.jpg/210.webp')).status).toBe(200)
  },
)
