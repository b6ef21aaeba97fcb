import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { albumKey } from '../../src/media/records.ts'
import type { S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { gateStore } from '../support/gated-store.ts'
import { putItem } from '../support/library.ts'
import { environmentOf, openOrigin, runProgram } from '../support/program.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { sendPut } from '../support/upload-client.ts'
import { openOriginBucket } from '../support/uploads.ts'
import {
  countsOf,
  createClock,
  DAY_MS,
  HOUR_MS,
  keysUnder,
  putText,
  readAlbum,
  sweepOnce,
} from '../sweep/sweeping.ts'

let origin: RunningOrigin
let bucket: S3ObjectStore

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOrigin(origin)
})
afterAll(async () => {
  bucket.close()
  await origin.stop()
})

test('two sweeps leave in the bucket what the records name, and a photo named in the last moment', async () => {
  const clock = createClock()
  await putItem(bucket, '42', ['#ff0000', '#00ff00', '#0000ff'])
  const album = await readAlbum(bucket, '42')
  const [first, second, third] = album.photos
  if (first === undefined || second === undefined || third === undefined) throw new Error('No photos')
  const write = async (photos: typeof album.photos) =>
    putText(bucket, albumKey('42'), JSON.stringify({ ...album, photos }))
  await write([first])
  await putText(bucket, 'temp/uploads/u1/ä b+c.jpg')
  clock.advance(2 * DAY_MS)
  expect(countsOf(await sweepOnce(bucket, clock))).toEqual({ newMarks: 2, expiredUploads: 1 })
  clock.advance(8 * DAY_MS)
  const gated = gateStore(bucket)
  const gate = gated.hold('delete', (key) => key === second.key)
  const sweeping = sweepOnce(gated.store, clock)
  await gate.reached
  await write([first, second])
  gate.release()
  const report = await sweeping
  expect(countsOf(report)).toEqual({ unnamedFiles: 1, restoredFiles: 1 })
  expect(report.faults).toEqual([])
  expect(await keysUnder(bucket, 'items/42/photos/')).toEqual([first.key, second.key].toSorted())
  expect(await bucket.head(second.key)).toMatchObject({ etag: second.etag, contentType: 'image/jpeg' })
  expect(await keysUnder(bucket, 'temp/')).toEqual([])
  expect(await keysUnder(bucket, 'system/sweep/')).toEqual([
    'system/sweep/lease.json',
    expect.stringMatching(/^system\/sweep\/reports\//),
    expect.stringMatching(/^system\/sweep\/reports\//),
  ])
})

test('uploads in parts that nobody completed are aborted once no ticket can be left for them', async () => {
  const { store, multiparts, presigner } = openOriginBucket(origin)
  onTestFinished(() => store.close())
  const contentType = 'image/jpeg'
  const key = 'temp/uploads/u2/ä b+c.jpg'
  const elsewhere = 'photos/large.jpg'
  const uploadId = await multiparts.begin(key, { contentType })
  const other = await multiparts.begin(elsewhere, { contentType })
  const part = Buffer.alloc(70_000, 'part')
  const ticket = { key, uploadId, partNumber: 1, bytes: part.length, expiresInS: 60 }
  expect(await sendPut((await presigner.part(ticket)).url, {}, part)).toBe('stored')
  const pending = async () => {
    const keys: string[] = []
    for await (const upload of multiparts.pending('')) keys.push(upload.key)
    return keys
  }
  const clock = createClock()
  const run = async (deletes: boolean) => {
    const { findings } = await sweepOnce(store, clock, { multiparts, deletes })
    return findings.abandonedMultiparts
  }
  clock.advance(2 * DAY_MS - HOUR_MS)
  expect(await run(true)).toMatchObject({ objects: 0 })
  clock.advance(2 * HOUR_MS)
  const found = { objects: 1, bytes: part.length, examples: [key] }
  expect(await run(false)).toEqual(found)
  expect(await pending()).toEqual([elsewhere, key])
  expect(await run(true)).toEqual(found)
  expect(await pending()).toEqual([elsewhere])
  expect(await multiparts.list(key, uploadId)).toBeUndefined()
  expect(await run(true)).toMatchObject({ objects: 0 })
  await multiparts.abort(elsewhere, other)
})

test('the program sweeps only when it is told to, and ends with 1 when something needs attention', async () => {
  const run = async (...args: string[]) => {
    const { ended, output } = runProgram(['sweep', ...args], environmentOf(origin))
    return { code: await ended, text: output.join('\n') }
  }
  const variant = 'img/items/43/photos/p1/@abcdefghijklmno/800.webp'
  await putText(bucket, variant)
  expect(await run()).toEqual({ code: 0, text: expect.stringContaining(variant) })
  expect(await bucket.head(variant)).toBeDefined()
  expect(await run('--delete')).toEqual({
    code: 0,
    text: expect.stringContaining(`freed ${variant.length} bytes`),
  })
  expect(await bucket.head(variant)).toBeUndefined()
  await putText(bucket, 'system/sweep/marks/x.json')
  const fault = 'FAULT system/sweep/marks/x.json: the mark cannot be understood'
  expect(await run('--delete')).toEqual({ code: 1, text: expect.stringContaining(fault) })
})
