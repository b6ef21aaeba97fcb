import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAskedPurges } from '../../src/composition/purging.ts'
import { parseConfig } from '../../src/config.ts'
import { s3Message, bare } from '../bucket-events/notifications.ts'
import { keysUnder } from '../library/library.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { middleColour, plainJpeg } from '../support/library.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { createClock } from '../sweep/sweeping.ts'

const SECRET = 'a-secret-for-bucket-events'
// So long that nobody sees a change because time has passed.
const REPLICA = { HALFTONE_LOOKUP_TTL_MS: '60000', HALFTONE_BUCKET_EVENTS_SECRETS: SECRET }
const KEYS = ['photos/a.jpg', 'photos/b.jpg'] as const
const RED = [255, 0, 0]
const BLUE = [0, 0, 255]

let origin: RunningOrigin
let replicas: readonly TestGateway[]

beforeAll(async () => {
  origin = await startOrigin()
  replicas = await Promise.all(
    [1, 2].map(async () => createTestGateway({ store: openOrigin(origin), environment: REPLICA })),
  )
})
afterAll(async () => {
  await Promise.all(replicas.map(async (replica) => replica.close()))
  await origin.stop()
})

async function put(colour: string): Promise<void> {
  const bucket = openOrigin(origin)
  for (const key of KEYS) await bucket.put(key, await plainJpeg(colour), { contentType: 'image/jpeg' })
  bucket.close()
}

/** What both replicas show of both pictures, roughly; what is being stored is stored afterwards. */
async function shown(): Promise<number[][]> {
  const colours: number[][] = []
  for (const replica of replicas) {
    for (const key of KEYS) {
      const response = await replica.fetch(`/img/${key}/64.jpg`)
      const colour = await middleColour(Buffer.from(await response.arrayBuffer()))
      colours.push(colour.map((value) => (value > 128 ? 255 : 0)))
    }
    await replica.writeBack.drain()
  }
  return colours
}

const hear = async () => Promise.all(replicas.map(async (replica) => replica.journal.read()))

describe('requirements: Flows – a source that another program overwrites is seen anew on every replica', () => {
  test('when the bucket tells one of them', async () => {
    await put('#ff0000')
    expect(await shown()).toEqual([RED, RED, RED, RED])
    await put('#0000ff')
    // Nobody has told them.
    expect(await shown()).toEqual([RED, RED, RED, RED])
    const [first] = replicas
    if (first === undefined) throw new Error('There is no replica')
    const records = await Promise.all(
      KEYS.map(async (key) => ({ key, eTag: bare((await first.store.head(key))?.etag) })),
    )
    const init = { method: 'POST', body: s3Message(records, 'test') }
    expect((await first.fetch('/events/s3', init)).status).toBe(403)
    const headers = { 'x-halftone-events': SECRET }
    expect((await first.fetch('/events/s3', { ...init, headers })).status).toBe(204)
    const metrics = await first.metrics.registry.metrics()
    expect(metrics).toContain('halftone_bucket_events_total{outcome="foreign"} 2')
    expect((await shown()).slice(0, 2)).toEqual([BLUE, BLUE])
    await hear()
    expect(await shown()).toEqual([BLUE, BLUE, BLUE, BLUE])
  })

  test('when somebody purges the prefix', async () => {
    await put('#ff0000')
    const [, second] = replicas
    if (second === undefined) throw new Error('There is no second replica')
    const purges = createAskedPurges(parseConfig({}), {
      store: second.store,
      clock: createClock(),
      onChanged: second.forget,
      onFailure: () => {},
    })
    const { carriedOut } = await purges.begin({ prefixes: ['photos/'] })
    expect((await carriedOut).variants).toBeGreaterThanOrEqual(2)
    expect(await keysUnder(second.store, 'img/photos/')).toEqual([])
    await hear()
    expect(await shown()).toEqual([RED, RED, RED, RED])
  })
})
