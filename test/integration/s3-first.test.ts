import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CACHE_CONTROL } from '../../src/cdn/cache-policy.ts'
import { ownTag } from '../../src/cdn/cache-tags.ts'
import { purgeKey } from '../../src/cdn/forget.ts'
import { createBucketAdministration } from '../../src/storage/bucket-administration.ts'
import { parseSourcePath } from '../../src/urls/source-path.ts'
import { by, openLibrary, SHOP, type TestLibrary } from '../library/library.ts'
import { keysUnder } from '../sweep/sweeping.ts'
import { ASHBURN, type Colour, colourOf, FRANKFURT, pictureOf } from '../support/edge-stage.ts'
import { createEdge } from '../support/edge/create-edge.ts'
import { distribution } from '../support/edge/distribution.ts'
import type { Edge, EdgeAnswer, EdgeOrigin, EdgeRequest } from '../support/edge/edge.ts'
import { createHttpOrigin, createResponseOrigin } from '../support/edge/http-origin.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'

const SIZES = ['160.webp', '320.webp', '320.jpg']
const ODD_KEY = "photos/a b+c '(ü)' 100%.jpg"

let origin: RunningOrigin
let store: ReturnType<typeof openOrigin>
let gateway: TestGateway
let library: TestLibrary
let edge: Edge
let item = 0
let itemId: string
/** What the bucket has said to the edge. */
const said: EdgeAnswer[] = []
const told: string[] = []

beforeAll(async () => {
  origin = await startOrigin()
  store = openOrigin(origin)
  const { url, bucket, accessKeyId, secretAccessKey } = origin
  const administration = createBucketAdministration({
    bucket,
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
  await administration.policy.put(showingVariants(bucket))
  administration.close()
  gateway = await createTestGateway({
    store,
    environment: { HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE', HALFTONE_LOOKUP_TTL_MS: '0' },
  })
  library = openLibrary(store, {
    edge: {
      async handOver({ id, paths }) {
        await store.delete([purgeKey(id)])
        told.push(...paths.map((path) => `#${ownTag(parseSourcePath(path.split('/')))}`))
      },
    },
  })
})
afterAll(async () => {
  await gateway.close()
  store.close()
  await origin.stop()
})

/** Variants, and nothing else: to everybody here, to the distribution alone where there is one. */
const showingVariants = (bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${bucket}/img/*`,
      },
    ],
  })

beforeEach(async () => {
  item += 1
  itemId = `item${item}`
  await library.albums.create(itemId, SHOP, by)
  for (const [photoId, colour] of [
    ['a', 'red'],
    ['b', 'green'],
  ] as const)
    await library.albums.add(itemId, await putPhoto(photoId, colour), by)
  await gateway.journal.read()
  openEdge()
})

/** An edge that has nothing yet, with the bucket in front of the gateway. */
function openEdge(): void {
  said.length = 0
  told.length = 0
  const limits = { readTimeoutMs: 20_000, completionTimeoutMs: 60_000 }
  const fromStore = createHttpOrigin(origin.url, limits)
  const bucket: EdgeOrigin = async (request, signal) => {
    const target = `/${origin.bucket}${request.target}`
    const answer = await fromStore({ ...request, target }, signal)
    said.push(answer)
    return answer
  }
  edge = createEdge(
    distribution({
      clock: Date.now,
      gateway: createResponseOrigin((target, init) => gateway.fetch(target, init)),
      bucket,
    }),
  )
}

async function putPhoto(photoId: string, colour: Colour) {
  const bytes = await pictureOf(colour)
  const key = `items/${itemId}/photos/${photoId}/original-${crypto.randomUUID()}.jpg`
  const put = await store.put(key, bytes, { contentType: 'image/jpeg' })
  if (put.outcome !== 'stored') throw new Error(`${key} is there already`)
  const facts = { contentType: 'image/jpeg', bytes: bytes.length, width: 400, height: 300 }
  return { photoId, key, etag: put.etag, ...facts, addedAt: new Date().toISOString() }
}

async function view(target: string, location = FRANKFURT, request: Partial<EdgeRequest> = {}) {
  const answer = await edge.view(location, { method: 'GET', headers: {}, ...request, target })
  await edge.settled()
  await gateway.writeBack.drain()
  return answer
}

/** The versioned paths of an item's photos, all of them stored. */
async function warm(photoIds: readonly string[] = ['a', 'b']): Promise<string[]> {
  const paths: string[] = []
  for (const photoId of photoIds)
    for (const size of SIZES) {
      const answer = await gateway.fetch(`/img/items/${itemId}/photos/${photoId}/${size}`)
      paths.push(answer.headers.get('content-location') ?? '')
    }
  await gateway.writeBack.drain()
  return paths
}

/** What has changed is purged at the edge, and known to the gateway. */
async function settle(): Promise<void> {
  await gateway.journal.read()
  edge.invalidate(told)
}

describe('requirements: CDN – S3 first', () => {
  test('warm versioned pictures never reach the gateway', async () => {
    const paths = await warm()
    for (const location of [FRANKFURT, ASHBURN, FRANKFURT])
      for (const [index, path] of paths.entries()) {
        const answer = await view(path, location)
        expect([answer.status, await colourOf(answer.body)]).toEqual([200, index < 3 ? 'red' : 'green'])
      }
    expect([edge.asked('gateway'), edge.asked('bucket')]).toEqual([0, paths.length])
  })

  test('what the bucket says of them is what the gateway would have said', async () => {
    const [path = ''] = await warm()
    const direct = await gateway.fetch(path)
    const answer = await view(path)
    expect(answer.body.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true)
    const [fromBucket] = said
    for (const name of ['content-type', 'content-length', 'cache-control', 'x-amz-meta-cache-tag'])
      expect(fromBucket?.headers[name], name).toBe(direct.headers.get(name))
    expect(fromBucket?.headers['cache-control']).toBe(CACHE_CONTROL.A)
    expect(answer.headers['x-amz-meta-cache-tag']).toBeUndefined()
  })

  test('a picture that is stored nowhere is made by the gateway, and by nobody the next time', async () => {
    const [path = ''] = await warm(['a'])
    const cold = path.replace('160.webp', '384.webp')
    expect((await view(cold)).status).toBe(200)
    expect([edge.asked('gateway'), said.map(({ status }) => status)]).toEqual([1, [403]])
    openEdge()
    expect((await view(cold)).status).toBe(200)
    expect([edge.asked('gateway'), said.map(({ status }) => status)]).toEqual([0, [200]])
  })

  test('HEAD and ranges come from the bucket too', async () => {
    const [path = ''] = await warm(['a'])
    const head = await view(path, FRANKFURT, { method: 'HEAD' })
    const part = await view(path, FRANKFURT, { headers: { range: 'bytes=2-9' } })
    const whole = await view(path)
    expect([head.status, head.headers['content-length']]).toEqual([200, `${whole.body.length}`])
    expect([part.status, part.body.equals(whole.body.subarray(2, 10))]).toEqual([206, true])
    expect(edge.asked('gateway')).toBe(0)
  })

  test('keys with all sorts of characters are found', async () => {
    await store.put(ODD_KEY, await pictureOf('blue'), { contentType: 'image/jpeg' })
    const target = `/img/${ODD_KEY.split('/').map(encodeURIComponent).join('/')}/320.webp`
    const path = (await gateway.fetch(target)).headers.get('content-location') ?? ''
    await gateway.writeBack.drain()
    expect([(await view(path)).status, edge.asked('gateway')]).toEqual([200, 0])
  })

  test('while the bucket is away, what the gateway remembers is shown', async () => {
    const [path = ''] = await warm(['a'])
    await origin.kill()
    const answer = await view(path)
    await origin.restart()
    expect([answer.status, await colourOf(answer.body), edge.asked('gateway')]).toEqual([200, 'red', 1])
  })
})

describe('requirements: Flows – S3 first: replaced, deleted, hidden', () => {
  test('a deleted picture is gone from both, and from the edge by its tags', async () => {
    const paths = await warm()
    for (const path of paths) await view(path)
    await library.albums.remove(itemId, 'b', by)
    await settle()
    expect(await keysUnder(store, `img/items/${itemId}/photos/b/`)).toEqual([])
    const statuses = []
    for (const path of paths) statuses.push((await view(path)).status)
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404])
    // What was not deleted stayed where it was.
    expect(edge.asked('bucket')).toBe(paths.length + 3)
  })

  test('a replaced one leads to the new one, which the bucket has from then on', async () => {
    const [old = ''] = await warm(['a'])
    await view(old)
    await library.albums.replace(itemId, await putPhoto('a', 'blue'), by)
    await settle()
    const moved = await view(old)
    const now = moved.headers['location'] ?? ''
    expect([moved.status, now === old]).toEqual([302, false])
    expect(await colourOf((await view(now)).body)).toBe('blue')
    openEdge()
    expect([await colourOf((await view(now)).body), edge.asked('gateway')]).toEqual(['blue', 0])
  })

  test('what is hidden lies where the distribution may not read, whoever asks for it', async () => {
    const [path = ''] = await warm(['a'])
    await view(path)
    await library.albums.setAccess(itemId, 'private', by)
    await settle()
    expect((await view(path)).status).toBe(404)
    expect(await keysUnder(store, `img/items/${itemId}/`)).toEqual([])
    await store.put(`private${path.slice('/img'.length)}`, await pictureOf('red'), {
      contentType: 'image/webp',
    })
    said.length = 0
    for (const target of [
      path.replace('/img/', '/private/'),
      `/img/..%2fprivate${path.slice('/img'.length)}`,
    ])
      expect([400, 404]).toContain((await view(target)).status)
    expect(said.filter(({ status }) => status === 200)).toEqual([])
  })
})
