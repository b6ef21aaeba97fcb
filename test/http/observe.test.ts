import { afterEach, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { gateStore } from '../support/gated-store.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'

const gateways: TestGateway[] = []
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
})

async function start(environment: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', { write: (line: string) => lines.push(JSON.parse(line)) })
  const gates = gateStore(createMemoryObjectStore())
  const gateway = await createTestGateway({ store: gates.store, log, environment })
  gateways.push(gateway)
  await gateway.bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  return { gateway, gates, requests: () => lines.filter(({ msg }) => msg === 'request'), lines }
}

const PATH = '/img/photos/a.jpg/320.webp'

test('a line a request: id, target, status, layer, class; of memory hits one in so many', async () => {
  const { gateway, requests } = await start({ HALFTONE_LOG_HITS_EVERY: '3' })
  await gateway.fetch(PATH)
  for (let hit = 0; hit < 7; hit += 1) await gateway.fetch(PATH)
  await gateway.fetch('/img/photos/none.jpg/320.webp')
  expect(requests().map(({ layer, status }) => [layer, status])).toEqual([
    ['render', 200],
    ['memory', 200],
    ['memory', 200],
    ['memory', 200],
    ['none', 404],
  ])
  expect(requests()[0]).toMatchObject({
    level: 'info',
    method: 'GET',
    target: PATH,
    class: "B'",
    id: expect.stringMatching(/^[\w-]+$/),
    ms: expect.any(Number),
  })
})

test('hits can all be logged, or none', async () => {
  for (const [every, expected] of [
    ['1', 4],
    ['0', 1],
  ] as const) {
    const { gateway, requests } = await start({ HALFTONE_LOG_HITS_EVERY: every })
    for (let request = 0; request < 4; request += 1) await gateway.fetch(PATH)
    expect(requests()).toHaveLength(expected)
  }
})

test('the id of a failed request is in its answer and in the log, the cause only in the log', async () => {
  const { gateway, gates, requests } = await start()
  gates.setAway(true)
  const answer = await gateway.fetch(PATH)
  const problem: unknown = await answer.json()
  const requestId = answer.headers.get('x-request-id')
  expect(problem).toMatchObject({ requestId })
  expect(requests().at(-1)).toMatchObject({
    id: requestId,
    level: 'error',
    err: { name: 'GatewayError', code: 'bucket_unreachable' },
  })
  expect(JSON.stringify(problem)).not.toContain('stack')
})

test('what nobody expected is a plain 500 to the client, and whole in the log', async () => {
  const { gateway, requests } = await start()
  gateway.sources.find = () => Promise.reject(new Error('secret detail', { cause: new Error('deeper') }))
  const answer = await gateway.fetch(PATH)
  expect(answer.status).toBe(500)
  const text = await answer.text()
  expect(JSON.parse(text)).toMatchObject({ code: 'internal' })
  expect(text).not.toContain('secret detail')
  expect(requests().at(-1)).toMatchObject({ err: { message: 'secret detail', cause: { message: 'deeper' } } })
})

test('secrets that a library hangs on its errors or requests do not reach the log', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => lines.push(line) })
  const error = Object.assign(new GatewayError('bucket_refused', 'refused'), { secretAccessKey: 'hush' })
  log.error({ err: error }, 'failed')
  log.info(
    { headers: { authorization: 'hush', cookie: 'hush' }, config: { secretAccessKey: 'hush' } },
    'request',
  )
  expect(lines).toHaveLength(2)
  expect(lines.join()).not.toContain('hush')
})

test('metrics count requests by route, status, class and layer, renders, bucket calls and workers', async () => {
  const { gateway } = await start()
  for (const target of [PATH, PATH, '/img/photos/none.jpg/320.webp', '/livez', '/elsewhere'])
    await gateway.fetch(target)
  await gateway.verbs()
  const answer = await gateway.adminApp.request('/metrics')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const metrics = await answer.text()
  for (const line of [
    `halftone_requests_total{route="img",status="200",class="B'",layer="render"} 1`,
    `halftone_requests_total{route="img",status="200",class="B'",layer="memory"} 1`,
    `halftone_requests_total{route="img",status="404",class="E",layer="none"} 1`,
    'halftone_requests_total{route="other",status="404",class="E",layer="none"} 1',
    'halftone_render_seconds_count{type="image/webp"} 1',
    'halftone_bucket_calls_total{verb="get",outcome="found"} 1',
    'halftone_writes_total{outcome="stored"} 1',
    'halftone_memory_entries 1',
    'halftone_queue_length 0',
    'halftone_flights 0',
  ]) {
    expect(metrics).toContain(line)
  }
  expect(Number(/^halftone_worker_memory_bytes (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(1_000_000)
  expect((await gateway.adminApp.request('/readyz')).status).toBe(200)
})

test('says who asked, and through which edge: what the edge says counts only with its secret', async () => {
  const { gateway, requests } = await start({
    HALFTONE_ORIGIN_SECRETS: 'what-the-distribution-says',
    HALFTONE_EDGE_TELLS_VIEWER: 'true',
    HALFTONE_LOG_HITS_EVERY: '1',
  })
  const told = {
    'x-amz-cf-id': 'id-of-the-edge',
    'cloudfront-viewer-address': '203.0.113.9:46532',
    'cloudfront-viewer-country': 'NL',
    'x-amz-cf-pop': 'AMS58-P4',
  }
  const env = { incoming: { url: PATH, socket: { remoteAddress: '192.0.2.1' } } }
  const ask = async (headers: Record<string, string>) => {
    await gateway.app.request(`http://test${PATH}`, { headers }, env)
    const { client, cdnId, edge, country, layer } = requests().at(-1) ?? {}
    return { client, cdnId, edge, country, layer }
  }
  const believed = { client: '203.0.113.9', cdnId: 'id-of-the-edge', edge: 'AMS58-P4', country: 'NL' }
  const secret = { 'x-origin-verify': 'what-the-distribution-says' }
  // Through the routes, and out of memory.
  expect(await ask({ ...told, ...secret })).toEqual({ ...believed, layer: 'render' })
  expect(await ask({ ...told, ...secret })).toEqual({ ...believed, layer: 'memory' })
  expect(await ask({ ...told, 'x-origin-verify': 'guessed' })).toEqual({
    client: '192.0.2.1',
    cdnId: 'id-of-the-edge',
    layer: 'memory',
  })
})

test('a refusal for want of room is a warning of one line, without saying where in the program it was made', async () => {
  const { gateway, gates, requests } = await start({
    HALFTONE_LOOKUP_CONCURRENCY: '1',
    HALFTONE_LOOKUP_QUEUE_LENGTH: '0',
  })
  const gate = gates.hold('head', (key) => key === 'photos/a.jpg')
  const first = gateway.fetch(PATH)
  await gate.reached
  const refused = await gateway.fetch('/img/photos/b.jpg/320.webp')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  gate.release()
  expect((await first).status).toBe(200)
  const line = requests().find(({ status }) => status === 503)
  expect(line).toMatchObject({ level: 'warn', target: '/img/photos/b.jpg/320.webp' })
  expect(line).not.toHaveProperty('err')
})
