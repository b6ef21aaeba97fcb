import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeUploads } from '../../src/transfers/probe-uploads.ts'
import { codeOf } from '../library/library.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo } from '../support/pictures.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { sendTicket } from '../support/upload-client.ts'
import {
  ANA,
  keysIn,
  openOriginBucket,
  openUploads,
  photoRequest,
  type TestUploads,
} from '../support/uploads.ts'

const pool = createTestPool()
const checks = { renderer: pool }
const MB = 1024 * 1024
let origin: RunningOrigin
let bucket: ReturnType<typeof openOriginBucket>
let opened: TestUploads
let file: Buffer
let abilities: Awaited<ReturnType<typeof probeUploads>>

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOriginBucket(origin)
  abilities = await probeUploads(bucket)
  opened = openUploads(bucket, { checks, abilities: async () => abilities })
  file = await encode(photo(64, 48), 'jpg')
})
afterAll(async () => {
  bucket.store.close()
  await pool.close(0)
  await origin.stop()
})

/** A JPEG of exactly so many bytes: what follows the picture is of no meaning. */
const fileOf = (bytes: number) => Buffer.concat([file, randomBytes(bytes - file.length)])

const ways = [
  ['a form', {}, 5 * MB - 1],
  ['a PUT', { abilities: async () => ({ forms: false, conditionalPuts: true }) }, 5 * MB - 1],
  ['one part', {}, 5 * MB],
  ['two parts', {}, 10 * MB],
] as const

it('the origin enforces what is signed for it', () => {
  expect(abilities).toEqual({ forms: true, conditionalPuts: true, exactLengths: true })
})

describe('requirements: Flows – upload: straight to the bucket, as a browser does it', () => {
  it.each(ways)('as %s', async (way, choices, bytes) => {
    const { uploads, albums, store } = openUploads(bucket, { checks, ...choices })
    const ownerId = `way-${way.replace(' ', '-')}`
    const sent = fileOf(bytes)
    const sha256 = createHash('sha256').update(sent).digest('hex')
    const ticket = await uploads.begin(photoRequest(sent, { ownerId, sha256 }), ANA)
    expect(await sendTicket(ticket, sent)).toBe('stored')
    const completed = await uploads.complete(ticket.uploadId, ANA)
    const entry = (await albums.find(ownerId))?.photos[0]
    expect(completed).toMatchObject({ photo: entry })
    const kept = await store.get(entry?.key ?? '')
    if (kept.outcome !== 'found') throw new Error(kept.outcome)
    expect(kept.object.body.equals(sent)).toBe(true)
    expect(kept.object).toMatchObject({ etag: entry?.etag, contentType: 'image/jpeg' })
    expect(kept.object.metadata).toHaveProperty('halftone')
    expect(await uploads.complete(ticket.uploadId, ANA)).toEqual(completed)
    expect((await keysIn(store)).filter((key) => key.startsWith('temp/'))).toEqual([])
  })

  it('parts go on where they stopped', async () => {
    const { uploads } = opened
    const sent = fileOf(9 * MB)
    const ticket = await uploads.begin(photoRequest(sent, { ownerId: 'resumed' }), ANA)
    if (!('parts' in ticket)) throw new Error('Not in parts')
    expect(await sendTicket({ ...ticket, parts: ticket.parts.slice(1) }, sent)).toBe('stored')
    expect(await codeOf(uploads.complete(ticket.uploadId, ANA))).toBe('conflict')
    const again = await uploads.resume(ticket.uploadId, ANA)
    expect(again).toMatchObject({ arrived: [2], parts: [{ partNumber: 1, bytes: 8 * MB }] })
    expect(await sendTicket(again, sent)).toBe('stored')
    expect(await uploads.complete(ticket.uploadId, ANA)).toMatchObject({ photo: { bytes: 9 * MB } })
  })

  it('an upload in parts that is aborted leaves none', async () => {
    const { uploads, store, multiparts } = opened
    const before = await keysIn(store)
    const sent = fileOf(9 * MB)
    const ticket = await uploads.begin(photoRequest(sent, { ownerId: 'aborted' }), ANA)
    expect(await sendTicket(ticket, sent)).toBe('stored')
    await uploads.abort(ticket.uploadId, ANA)
    expect(await keysIn(store)).toEqual(before)
    const pending: string[] = []
    for await (const { key } of multiparts.pending('temp/')) pending.push(key)
    expect(pending).toEqual([])
  })
})

describe('requirements: Flows – upload through the gateway', () => {
  it.each([[100_000], [9 * MB]])('%i bytes, as they flow', async (bytes) => {
    const { uploads, store } = opened
    const ownerId = `received-${bytes}`
    const sent = fileOf(bytes)
    const pieces = Readable.from(
      (function* () {
        for (let at = 0; at < sent.length; at += 64_000) yield sent.subarray(at, at + 64_000)
      })(),
    )
    const request = { ...photoRequest(sent, { ownerId }), bytes: undefined }
    const completed = await uploads.receive(request, pieces, ANA)
    const key = 'photo' in completed ? completed.photo.key : ''
    const kept = await store.get(key)
    expect(kept.outcome === 'found' && kept.object.body.equals(sent)).toBe(true)
    expect((await keysIn(store)).filter((found) => found.startsWith('temp/'))).toEqual([])
  })

  it('a byte too many ends it while it flows, and nothing is left', async () => {
    const { uploads, store, multiparts } = opened
    const before = await keysIn(store)
    let given = 0
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given += MB
          yield given === MB ? fileOf(MB) : randomBytes(MB)
        }
      })(),
    )
    const request = { ...photoRequest(file, { ownerId: 'endless' }), bytes: undefined }
    expect(await codeOf(uploads.receive(request, endless, ANA))).toBe('upload_too_large')
    expect(given).toBeLessThan(40 * MB)
    expect(await keysIn(store)).toEqual(before)
    for await (const pending of multiparts.pending('temp/')) expect(pending).toBeUndefined()
    expect(bucket.abandoned).toEqual([])
  })
})

describe('requirements: Figures – 50 uploads at once', () => {
  it('none is lost', async () => {
    const { uploads, store, albums } = opened
    const items = ['crowd-1', 'crowd-2', 'crowd-3']
    const uploadOne = async (index: number) => {
      const ownerId = items[index % items.length] ?? ''
      const ticket = await uploads.begin(photoRequest(file, { ownerId, fileName: `${index}.jpg` }), ANA)
      expect(await sendTicket(ticket, file)).toBe('stored')
      return uploads.complete(ticket.uploadId, ANA)
    }
    const completed = await Promise.all(Array.from({ length: 50 }, (_, index) => uploadOne(index)))
    const records = await Promise.all(items.map((item) => albums.find(item)))
    const photos = records.flatMap((record) => record?.photos ?? [])
    expect(photos.map(({ fileName }) => `${fileName}`).toSorted()).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index}.jpg`).toSorted(),
    )
    expect(photos.map(({ key }) => key).toSorted()).toEqual(
      completed.map((one) => ('photo' in one ? one.photo.key : '')).toSorted(),
    )
    const files = (await keysIn(store)).filter((key) => /^items\/crowd.*original-/.test(key))
    expect(files.toSorted()).toEqual(photos.map(({ key }) => key).toSorted())
  }, 120_000)
})
