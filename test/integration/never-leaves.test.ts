import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { completed, ticket } from '../../src/api/schemas.ts'
import { listen, type RunningServer } from '../../src/http/server.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { sendTicket } from '../support/upload-client.ts'
import { readAs, TOKEN_SECRET, tokenOf } from '../support/api.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { LATITUDE_BYTES, photoshopBlock, SECRET, secretExif, secretXmp } from '../support/oddities/exif.ts'
import { jpegSegments, withSegments } from '../support/oddities/jpeg.ts'
import { encode, photo } from '../support/pictures.ts'
import { openOrigin } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { keysUnder } from '../sweep/sweeping.ts'

/** Of its EXIF only how it was taken is told, to show that it was read. */
const CAMERA = 'Brass'

/** What would say where and by whom the photo was taken, in files and in JSON. */
const TRACES = [
  SECRET,
  LATITUDE_BYTES,
  /"\w*(?:gps|latitude)\w*":/i,
  'GPSLatitude',
  '52,31.1234N',
  '52.5200',
  'xpacket',
  'Photoshop 3.0',
  '8BIM',
]

function tracesIn(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes)
  const text = buffer.toString('latin1')
  const isThere = (trace: (typeof TRACES)[number]) =>
    trace instanceof RegExp ? trace.test(text) : buffer.includes(trace)
  return TRACES.filter(isThere).map(String)
}

describe('requirements: Safety – EXIF and GPS never leave', () => {
  const environment = {
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    HALFTONE_SIZES: 'any',
    HALFTONE_INFO_EXIF: 'true',
    HALFTONE_WEBHOOK_URL: 'http://127.0.0.1:9/nobody',
    HALFTONE_WEBHOOK_SECRETS: `whsec_${Buffer.alloc(32, 'hook').toString('base64')}`,
  }
  let origin: RunningOrigin
  let store: S3ObjectStore
  let gateway: TestGateway
  let server: RunningServer
  let file: Buffer
  let slot: string

  beforeAll(async () => {
    origin = await startOrigin()
    store = openOrigin(origin)
    const transport = createTransport(parseConfig(environment), createLog('silent'), store)
    gateway = await createTestGateway({ store, transport, environment })
    server = await listen(gateway.app, { host: '127.0.0.1', port: 0 })
    const { exif, xmp, iptc, comment } = jpegSegments
    const thumbnail = await encode(photo(32, 32), 'jpg')
    file = withSegments(await encode(photo(640, 480), 'jpg'), [
      exif(secretExif(thumbnail, 1, CAMERA)),
      xmp(secretXmp),
      iptc(photoshopBlock()),
      comment(SECRET),
    ])
  })
  afterAll(async () => {
    await server.close(0)
    await gateway.close()
    store.close()
    await origin.stop()
  })

  async function call(line: string, as?: string, json?: object): Promise<Response> {
    const [method = 'GET', path = ''] = line.split(' ')
    return fetch(`${server.url}${path}`, {
      method,
      headers: {
        ...(as !== undefined && { authorization: as }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
  }
  /** An answer as it went over the wire, head and all. */
  async function wholeOf(answer: Response): Promise<Buffer> {
    const head = [...answer.headers].map((header) => header.join(': ')).join('\n')
    return Buffer.concat([Buffer.from(head), Buffer.from(await answer.arrayBuffer())])
  }

  test('the file has it', () => {
    const told = [SECRET, String(LATITUDE_BYTES), 'GPSLatitude', '52,31.1234N', '8BIM']
    expect(tracesIn(file)).toEqual(expect.arrayContaining(told))
  })

  test('what the API says of the photo has not', async () => {
    const owner = await tokenOf('ana')
    const request = { kind: 'item-photo', ownerId: '42', fileName: 'a.jpg', contentType: 'image/jpeg' }
    const begun = await call('POST /api/v1/uploads', owner, { ...request, bytes: file.length })
    const issued = await readAs(begun, ticket)
    expect(await sendTicket(issued, file)).toBe('stored')
    const answer = await call(`POST /api/v1/uploads/${issued.uploadId}/complete`, owner)
    const told = await wholeOf(answer.clone())
    const result = await readAs(answer, completed)
    if (!('photo' in result)) throw new Error('A photo was expected')
    expect(result.photo).toMatchObject({ width: 640, height: 480, shot: { make: CAMERA } })
    slot = `items/42/photos/${result.photo.photoId}`
    const item = await wholeOf(await call('GET /api/v1/items/42', owner))
    expect(item.includes(result.photo.photoId)).toBe(true)
    expect([...tracesIn(told), ...tracesIn(item)]).toEqual([])
  })

  test.each([
    ...['avif', 'webp', 'jpg', 'png', 'gif', 'auto'].flatMap((format) =>
      ['original', 'large', '64', '48x48'].map((size) => `${size}.${format}`),
    ),
    'info.json',
    'thumbhash',
  ])('%s has not', async (variant) => {
    const answer = await call(`GET /img/${slot}/${variant}`)
    expect(answer.status).toBe(200)
    expect(tracesIn(await wholeOf(answer))).toEqual([])
  })

  test('the file itself is for its owner alone', async () => {
    const path = `/api/v1/${slot}/original`
    const refused = [await call(`GET ${path}`), await call(`GET ${path}`, await tokenOf('bob'))]
    expect(refused.map(({ ok }) => ok)).toEqual([false, false])
    for (const answer of refused) expect(tracesIn(await wholeOf(answer))).toEqual([])
    const own = await call(`GET ${path}`, await tokenOf('ana'))
    expect(Buffer.from(await own.arrayBuffer()).equals(file)).toBe(true)
  })

  test('in the bucket, records, events and variants included, nothing but the file has it', async () => {
    await gateway.writeBack.drain()
    const keys = await keysUnder(store, '')
    const telling: string[] = []
    for (const key of keys) {
      const read = await store.get(key)
      if (read.outcome === 'found' && tracesIn(read.object.body).length > 0) telling.push(key)
    }
    expect(telling).toEqual([expect.stringMatching(/^items\/42\/photos\/[^/]+\/original-[\w-]{22}\.jpg$/)])
    const trees = ['img/', 'system/events/', 'system/uploads/', 'items/42/album.json']
    for (const tree of trees) expect(keys.some((key) => key.startsWith(tree))).toBe(true)
  })
})
