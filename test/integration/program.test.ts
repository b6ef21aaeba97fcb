import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { middleColour, plainJpeg, putItem } from '../support/library.ts'
import { encode, photo, pngBomb } from '../support/pictures.ts'
import {
  environmentOf,
  openOrigin,
  runProgram,
  type Served,
  serve,
  ticksOf,
  workersOf,
} from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const origins: RunningOrigin[] = []
const running: Served[] = []
let large: Buffer

beforeAll(async () => {
  large = await encode(photo(4000, 3000), 'jpg')
})

afterEach(async () => {
  for (const gateway of running.splice(0)) {
    gateway.kill('SIGTERM')
    await gateway.ended
  }
  for (const origin of origins.splice(0)) await origin.stop()
})

async function start(environment: Record<string, string> = {}) {
  const origin = await startOrigin()
  origins.push(origin)
  const bucket = openOrigin(origin)
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await bucket.put('photos/large.jpg', large, { contentType: 'image/jpeg' })
  const gateway = await serveOn(origin, environment)
  return { origin, bucket, gateway }
}

async function serveOn(origin: RunningOrigin, environment: Record<string, string> = {}) {
  const gateway = await serve({ ...environmentOf(origin), ...environment })
  running.push(gateway)
  return gateway
}

const look = async (gateway: Served, target: string) => fetch(`${gateway.url}${target}`)
const cacheStatus = async (answer: Promise<Response>) => (await answer).headers.get('cache-status')

describe('halftone', () => {
  test('serve without a bucket exits 78 and says what to set', async () => {
    const run = runProgram(['serve'], {})
    expect(await run.ended).toBe(78)
    expect(run.output.join('\n')).toContain('HALFTONE_BUCKET: name the bucket to serve from')
  })

  test('the demo page is not served unless it is asked for, and then gives nobody a token', async () => {
    const { gateway, origin } = await start()
    for (const target of ['/', '/halftone-demo.js', '/halftone-demo.css'])
      expect((await look(gateway, target)).status).toBe(404)
    await putItem(openOrigin(origin), 'chair', ['#ff0000'])
    const asked = await serveOn(origin, { HALFTONE_DEMO_PAGE: 'true', HALFTONE_JWT_SECRETS: 'a'.repeat(32) })
    const page = await (await look(asked, '/')).text()
    expect(page).toContain('/img/items/chair/640x480.avif')
    expect(page).not.toContain('id="upload"')
    expect(page).not.toContain('data-token')
    expect((await look(asked, '/halftone-demo.js')).status).toBe(200)
    expect((await look(asked, '/halftone-demo.css')).headers.get('content-type')).toBe(
      'text/css; charset=utf-8',
    )
  })

  test('with a faulty environment exits 78 and names every fault', async () => {
    const run = runProgram(['serve'], { PORT: 'x', HALFTONE_SIZES: 'y' })
    expect(await run.ended).toBe(78)
    expect(run.output.join('\n')).toMatch(/PORT="x".*\n.*HALFTONE_SIZES="y"/)
  })

  test('a port that is taken is named, and nothing is left running', async () => {
    const { origin, gateway } = await start()
    const run = runProgram(['serve'], { ...environmentOf(origin), PORT: new URL(gateway.url).port })
    expect(await run.ended).toBe(78)
    expect(run.output.join('\n')).toMatch(/PORT=\d+: cannot listen there \(.*EADDRINUSE.*\); set another/)
    expect(workersOf(run.pid)).toEqual([])
  })

  test('an unknown command exits 1 and shows which there are', async () => {
    const run = runProgram(['serv'], {})
    expect(await run.ended).toBe(1)
    expect(run.output.join('\n')).toContain('start')
  })
})

describe('a killed render worker', () => {
  test('in mid-picture: that request is answered, the next ones succeed, the gateway is the same process', async () => {
    const { gateway } = await start({ HALFTONE_WORKERS: '1' })
    const [worker = 0] = workersOf(gateway.pid)
    const idle = ticksOf(worker)
    const request = look(gateway, '/img/photos/large.jpg/3840.avif')
    // In mid-picture: it has been computing for a while.
    await expect.poll(() => ticksOf(worker), { interval: 5, timeout: 20_000 }).toBeGreaterThan(idle + 10)
    process.kill(worker, 'SIGKILL')
    expect((await request).status).toBe(200)
    expect((await look(gateway, '/img/photos/a.jpg/800.webp')).status).toBe(200)
    expect(workersOf(gateway.pid)).not.toContain(worker)
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toContain('halftone_worker_restarts_total{reason="crashed"} 1')
  })

  test('a picture of 900 megapixels in a small file is refused, and costs nobody anything', async () => {
    const { gateway, bucket } = await start({ HALFTONE_WORKERS: '1' })
    const bomb = pngBomb(30_000, 30_000)
    expect(bomb.length).toBeLessThan(300_000)
    await bucket.put('photos/bomb.png', bomb, { contentType: 'image/png' })
    const workers = workersOf(gateway.pid)
    const answer = await look(gateway, '/img/photos/bomb.png/800.webp')
    expect(answer.status).toBe(415)
    expect(await answer.json()).toMatchObject({ code: 'source_too_large' })
    expect(workersOf(gateway.pid)).toEqual(workers)
    expect((await look(gateway, '/img/photos/a.jpg/800.webp')).status).toBe(200)
  })
})

describe('a bucket that goes away', () => {
  test('gives 502 while memory hits go on and readyz fails; all recovers by itself', async () => {
    const { origin, gateway } = await start({ HALFTONE_S3_TIMEOUT_MS: '1000', HALFTONE_LOOKUP_TTL_MS: '100' })
    expect((await look(gateway, '/img/photos/a.jpg/800.webp')).status).toBe(200)
    expect((await look(gateway, '/readyz')).status).toBe(200)
    await origin.kill()
    await expect.poll(async () => (await look(gateway, '/readyz')).status).toBe(503)
    expect(await cacheStatus(look(gateway, '/img/photos/a.jpg/800.webp'))).toBe('memory; hit')
    const cold = await look(gateway, '/img/photos/large.jpg/320.webp')
    expect(cold.status).toBe(502)
    expect(await cold.json()).toMatchObject({ code: 'bucket_unreachable' })
    await origin.restart()
    await expect.poll(async () => (await look(gateway, '/readyz')).status, { timeout: 10_000 }).toBe(200)
    expect((await look(gateway, '/img/photos/large.jpg/320.webp')).status).toBe(200)
  })
})

describe('stopping', () => {
  test('SIGTERM: what is in flight is answered and stored, then exit 0', async () => {
    const { gateway, bucket } = await start()
    const [worker = 0] = workersOf(gateway.pid)
    const idle = ticksOf(worker) + ticksOf(workersOf(gateway.pid)[1] ?? worker)
    const request = look(gateway, '/img/photos/large.jpg/1920.avif')
    const busy = () => workersOf(gateway.pid).reduce((sum, pid) => sum + ticksOf(pid), 0)
    await expect.poll(busy, { interval: 5, timeout: 20_000 }).toBeGreaterThan(idle + 5)
    gateway.kill('SIGTERM')
    const answer = await request
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    expect(await gateway.ended).toBe(0)
    const key = (answer.headers.get('content-location') ?? '').slice(1)
    expect(await bucket.head(key)).toBeDefined()
    await expect(look(gateway, '/livez')).rejects.toThrow('fetch failed')
  })
})

describe('restart and replicas', () => {
  test('after a restart the same bytes and ETag come from the bucket', async () => {
    const { origin, gateway } = await start()
    const before = await look(gateway, '/img/photos/a.jpg/800.webp')
    const bytes = Buffer.from(await before.arrayBuffer())
    expect(await cacheStatus(look(gateway, '/img/photos/a.jpg/800.webp'))).toBe('memory; hit')
    gateway.kill('SIGTERM')
    expect(await gateway.ended).toBe(0)
    const again = await serveOn(origin)
    const after = await look(again, '/img/photos/a.jpg/800.webp')
    expect(after.headers.get('cache-status')).toBe('memory; fwd=miss, bucket; hit')
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'))
    expect(Buffer.from(await after.arrayBuffer()).equals(bytes)).toBe(true)
  })

  test('after halftone purge the other replica stops serving the old picture from memory', async () => {
    const { origin, gateway, bucket } = await start()
    const other = await serveOn(origin)
    const path = '/img/photos/a.jpg/800.webp'
    for (const replica of [gateway, other]) await (await look(replica, path)).arrayBuffer()
    await bucket.put('photos/a.jpg', await plainJpeg('#0000ff'), { contentType: 'image/jpeg' })
    const purge = runProgram(['purge', 'photos/a.jpg'], environmentOf(origin))
    expect(await purge.ended).toBe(0)
    expect(purge.output.join('\n')).toMatch(/Removed 1 stored pictures of photos\/a\.jpg/)
    const blue = async () => {
      const [red = 0, , blue = 0] = await middleColour(
        Buffer.from(await (await look(other, path)).arrayBuffer()),
      )
      return blue > red
    }
    await expect.poll(blue, { timeout: 10_000 }).toBe(true)
  })
})
