import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { refillMs } from '../../src/composition/purging.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { by, openLibrary, SHOP } from '../library/library.ts'
import { numberIn, putPicture } from '../support/interleavings/pictures.ts'
import { TOKEN_SECRET, tokenOf } from '../support/api.ts'
import {
  type CloudFrontApiServer,
  CREDENTIALS,
  DISTRIBUTION,
  startCloudFrontApi,
} from '../support/edge/cloudfront-api.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { createClient, photoOf, pictureForm } from '../support/journey.ts'
import { plainJpeg } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { listen } from '../../src/http/server.ts'

const PATIENCE_MS = 20_000

let origin: RunningOrigin
let server: CloudFrontApiServer
let store: ReturnType<typeof openOrigin>
let gateway: TestGateway
let site: Awaited<ReturnType<typeof listen>>

beforeAll(async () => {
  origin = await startOrigin()
})
afterAll(() => origin.stop())

beforeEach(async () => {
  server = await startCloudFrontApi({ clock: Date.now })
  const environment = {
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION,
    HALFTONE_CLOUDFRONT_ENDPOINT: server.endpoint,
    HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    HALFTONE_CLOUDFRONT_TIMEOUT_MS: '20000',
    HALFTONE_PURGE_INTERVAL_MS: '100',
  }
  store = openOrigin(origin)
  const log = createLog('silent')
  const transport = createTransport(parseConfig(environment), log, store)
  gateway = await createTestGateway({ store, transport, log, environment })
  site = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
})

afterEach(async () => {
  await site.close(0)
  await gateway.close()
  await server.close()
  store.close()
})

describe('requirements: Flows – a photo is replaced through the API of a whole gateway', () => {
  test('twice: the edge is told twice, by different references', async () => {
    const { photo, replace } = await openItem('twice')
    gateway.edge.start()
    const tag = `#photo:twice%2F${photo.photoId}`
    const told = () => server.invalidations.taken.filter(({ items }) => items.includes(tag))
    await vi.waitFor(() => expect(told()).toHaveLength(1), PATIENCE_MS)
    for (const times of [2, 3]) {
      expect((await replace()).status).toBe(200)
      await vi.waitFor(() => expect(told()).toHaveLength(times), PATIENCE_MS)
    }
    expect(new Set(told().map(({ reference }) => reference)).size).toBe(3)
  })

  test('while the edge does not answer: whoever replaced it does not wait for that', async () => {
    const { replace } = await openItem('hanging')
    server.misbehave('hang', 1000)
    gateway.edge.start()
    for (let times = 0; times < 3; times += 1) expect((await replace()).status).toBe(200)
    expect(server.invalidations.calls).toBe(0)
    expect(server.invalidations.taken).toEqual([])
  })
})

/** An item with a photo, and how that is replaced. */
async function openItem(itemId: string) {
  const { call } = createClient(site.url)
  const ana = await tokenOf('ana')
  const send = async (line: string, colour: string) =>
    call(line, ana, { body: pictureForm(await plainJpeg(colour, 64, 48)) })
  const photo = await photoOf(await send(`POST /items/${itemId}/photos`, 'red'))
  return { photo, replace: async () => send(`PUT /items/${itemId}/photos/${photo.photoId}`, 'blue') }
}

describe('the time until the edge is told for the last time', () => {
  test('counts a look-up that was under way when the change was made, however long it may take', async () => {
    const environment = { HALFTONE_FETCH_TIMEOUT_MS: '60000' }
    const config = parseConfig({ HALFTONE_BUCKET: 'test', ...environment })
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const bucket = createMemoryObjectStore()
    const gates = gateStore(bucket)
    const slow = await createTestGateway({ store: gates.store, environment })
    const look = async () => {
      const answer = await slow.fetch('/img/items/42/16.webp')
      return numberIn(new Uint8Array(await answer.arrayBuffer()))
    }
    try {
      const { albums } = openLibrary(bucket, { outbox: undefined })
      await albums.add('42', await putPicture(bucket, 'items/42/photos/a', 1), { ...by, ifAbsent: SHOP })
      await albums.add('42', await putPicture(bucket, 'items/42/photos/b', 2), by)
      const { reached, release } = gates.hold('get', (key) => key.endsWith('album.json'), 'back')
      const first = look()
      await reached
      await albums.setCover('42', 'b', by)
      const changedAtMs = Date.now()
      vi.advanceTimersByTime(config.HALFTONE_FETCH_TIMEOUT_MS - 1)
      release()
      expect(await first).toBe(1)
      vi.advanceTimersByTime(config.HALFTONE_LOOKUP_TTL_MS - 1)
      expect(await look()).toBe(1)
      const answeringMs = config.HALFTONE_REQUEST_TIMEOUT_MS + config.HALFTONE_EDGE_COMPLETION_S * 1000
      expect(refillMs(config)).toBeGreaterThanOrEqual(Date.now() - changedAtMs + answeringMs)
    } finally {
      await slow.close()
      vi.useRealTimers()
    }
  })
})
