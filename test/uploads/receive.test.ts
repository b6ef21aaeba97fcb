import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { codeOf } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo, truncated } from '../support/pictures.ts'
import { ANA, keysIn, openMemoryBucket, openUploads, photoRequest } from '../support/uploads.ts'

const pool = createTestPool()
let file = Buffer.alloc(0)
const PDF = Buffer.from('%PDF-1.7\n%%EOF\n')
const MB = 1024 * 1024

beforeAll(async () => {
  file = Buffer.from(await encode(photo(64, 48), 'jpg'))
})
afterAll(() => pool.close(0))

const open = (limits = {}) => openUploads(openMemoryBucket(), { checks: { renderer: pool } }, limits)

describe('through the gateway', () => {
  const receive = ({ uploads }: ReturnType<typeof open>, body: Buffer, of = {}) =>
    uploads.receive({ ...photoRequest(body), bytes: undefined, ...of }, Readable.from([body]), ANA)

  it('is stored and named, and nothing else is left', async () => {
    const opened = open()
    const completed = await receive(opened, file)
    const album = await opened.albums.find('42')
    expect(completed).toMatchObject({ photo: album?.photos[0], replaced: false })
    expect(await keysIn(opened.store)).toEqual(['items/42/album.json', album?.photos[0]?.key])
    expect(opened.prepared).toHaveLength(1)
  })

  it.each([
    [
      'a byte too many',
      () => Buffer.concat([file, Buffer.alloc(10 * MB + 1 - file.length)]),
      {},
      'upload_too_large',
    ],
    ['more than was announced', () => file, { bytes: 10 }, 'invalid_request'],
    ['less than was announced', () => file, { bytes: 10_000_000 }, 'invalid_request'],
    ['another checksum', () => file, { sha256: createHash('sha256').digest('hex') }, 'upload_refused'],
    ['no picture', () => PDF, {}, 'upload_type_refused'],
    ['half a picture', () => truncated(file), {}, 'upload_refused'],
  ] as const)('%s is refused, and nothing is left', async (_, body, of, code) => {
    const opened = open()
    expect(await codeOf(receive(opened, body(), of))).toBe(code)
    expect(await keysIn(opened.store)).toEqual([])
    expect(opened.leftOver).toEqual([])
  })

  it('a client that leaves in mid-file leaves nothing', async () => {
    const opened = open()
    const leaving = Readable.from(
      (async function* () {
        yield file.subarray(0, 100)
        throw new Error('The client has left')
      })(),
    )
    await expect(opened.uploads.receive(photoRequest(file), leaving, ANA)).rejects.toThrow(
      'The client has left',
    )
    expect(await keysIn(opened.store)).toEqual([])
  })

  it('a full item keeps its photos, and the file goes', async () => {
    const opened = open({ maxPhotos: 1 })
    await receive(opened, file)
    const before = await keysIn(opened.store)
    expect(await codeOf(receive(opened, file))).toBe('limit_reached')
    expect(await keysIn(opened.store)).toEqual(before)
  })
})

describe('a virus scanner', () => {
  it('that does not answer refuses nothing for good; what it finds is refused, and gone', async () => {
    const verdicts: (() => Promise<'clean' | { found: string }>)[] = [
      async () => Promise.reject(new GatewayError('scanner_unavailable', 'Nobody can say')),
      async () => ({ found: 'Eicar-Signature' }),
    ]
    const scan = async () => (verdicts.shift() ?? (async () => 'clean' as const))()
    const bucket = openMemoryBucket()
    const { uploads, store } = openUploads(bucket, { checks: { renderer: pool, scanner: { scan } } })
    const ticket = await uploads.begin(photoRequest(file), ANA)
    await bucket.send(ticket, file)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('scanner_unavailable')
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('upload_infected')
    await bucket.send(ticket, file)
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('upload_infected')
    expect(await keysIn(store)).toEqual([`system/uploads/${ticket.uploadId}.json`])
  })
})
