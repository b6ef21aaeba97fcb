import { afterEach, expect, test } from 'vitest'
import { type RunningGateway, runGateway } from '../../src/running/run-gateway.ts'
import { parseConfig } from '../../src/config.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { gateStore } from '../support/gated-store.ts'
import { WORKER_FILE } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'

const PATH = '/img/photos/a.jpg/320.webp'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(environment: Record<string, string> = {}) {
  const bucket = createMemoryObjectStore()
  await bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  const gates = gateStore(bucket)
  const config = parseConfig({
    PORT: '0',
    HALFTONE_ADMIN_PORT: '0',
    HALFTONE_BUCKET: 'test',
    HALFTONE_WORKERS: '1',
    HALFTONE_SOURCES: 'photos/',
    ...environment,
  })
  const run = () => runGateway({ config, log: createLog('silent'), workerFile: WORKER_FILE }, gates.store)
  return { bucket, gates, run }
}

const stored = async (gateway: RunningGateway, answer: Response) =>
  gateway.store.head((answer.headers.get('content-location') ?? '').slice(1))

test('a write that hangs does not hold up the end beyond the grace time', async () => {
  const { gates, run } = await start({ HALFTONE_GRACE_MS: '300' })
  const gateway = await run()
  const write = gates.hold('put', (key) => key.startsWith('img/'))
  closing.push(async () => write.release())
  await (await fetch(`${gateway.url}${PATH}`)).arrayBuffer()
  await write.reached
  await gateway.close()
  expect(gateway.writeBack.pending).toBe(0)
})

test('a picture that is being rendered for nobody is finished and stored before the end', async () => {
  const { bucket, gates, run } = await start()
  const gateway = await run()
  const write = gates.hold('put', (key) => key.startsWith('img/'))
  const leaving = new AbortController()
  const request = fetch(`${gateway.url}${PATH.replace('320.webp', '1600.avif')}`, { signal: leaving.signal })
  await expect.poll(() => gateway.pool.stats().busy, { interval: 1 }).toBe(1)
  leaving.abort()
  await expect(request).rejects.toThrow(/abort/)
  const closed = gateway.close()
  await write.reached
  await expect.poll(() => gateway.pool.stats().workers, { interval: 20 }).toEqual([])
  expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBe(200)
  write.release()
  await closed
  const keys: string[] = []
  for await (const { key } of bucket.list('img/')) keys.push(key)
  expect(keys).toHaveLength(1)
})

test('is not ready from the first moment of stopping, even while the bucket is still being probed', async () => {
  const { gates, run } = await start({ HALFTONE_DRAIN_DELAY_MS: '1' })
  const probe = gates.hold('put', (key) => key.startsWith('system/probe/'))
  const gateway = await run()
  await probe.reached
  const closed = gateway.close()
  expect(gateway.readiness.draining).toBe(true)
  probe.release()
  await closed
})

test('what was rendered is stored before the end', async () => {
  const { run } = await start()
  const gateway = await run()
  const answer = await fetch(`${gateway.url}${PATH}`)
  await answer.arrayBuffer()
  await gateway.close()
  expect(await stored(gateway, answer)).toBeDefined()
})
