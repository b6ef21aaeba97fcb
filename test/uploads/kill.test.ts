import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UploadRequest } from '../../src/uploads/uploads.ts'
import { createTestPool } from '../render/pool.ts'
import { encode, photo } from '../support/pictures.ts'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { sendTicket } from '../support/upload-client.ts'
import {
  ADMIN,
  keysIn,
  openOriginBucket,
  openUploads,
  photoRequest,
  type TestUploads,
} from '../support/uploads.ts'
import type { Order } from './completing-process.ts'

const MB = 1024 * 1024
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const PDF = Buffer.from('%PDF-1.7\n%%EOF\n')

const CASES = [
  'a new photo',
  'a photo in a slot',
  'a photo in parts',
  'a document',
  'through the gateway',
] as const
type Case = (typeof CASES)[number]

/** About so many calls each takes; more when many write the journal at once. */
const STEPS: Readonly<Record<Case, number>> = {
  'a new photo': 22,
  'a photo in a slot': 26,
  // What follows is as it is with one piece.
  'a photo in parts': 8,
  'a document': 12,
  'through the gateway': 20,
}

interface Death {
  readonly uploadId?: string
  readonly itemId: string
  readonly dieAt: number
  readonly what: Case
}

const pool = createTestPool()
let origin: RunningOrigin
let bucket: ReturnType<typeof openOriginBucket>
let opened: TestUploads
let file: Buffer
let old: Buffer
const deaths: Death[] = []
/** What was in the bucket when the process had died. */
let before: readonly string[]

beforeAll(async () => {
  origin = await startOrigin()
  bucket = openOriginBucket(origin)
  opened = openUploads(bucket, { checks: { renderer: pool } })
  file = await encode(photo(64, 48), 'jpg')
  old = await encode(photo(20, 10), 'jpg')
  for (const what of CASES)
    for (let dieAt = 1; dieAt <= STEPS[what]; dieAt += 1) deaths.push(await prepare(what, dieAt))
  await dieIn({ steps: deaths, file: file.toString('base64'), origin })
  before = await keysIn(bucket.store)
}, 240_000)

afterAll(async () => {
  bucket.store.close()
  await pool.close(0)
  await origin.stop()
})

/** An upload that has arrived and is not completed. */
async function prepare(what: Case, dieAt: number): Promise<Death> {
  const death = { what, dieAt, itemId: `${what.replaceAll(' ', '-')}-${dieAt}` }
  if (what === 'through the gateway') return death
  const { request, bytes } = await announce(death)
  const ticket = await opened.uploads.begin(request, ADMIN)
  expect(await sendTicket(ticket, bytes)).toBe('stored')
  return { ...death, uploadId: ticket.uploadId }
}

async function announce({ what, itemId }: Death): Promise<{ request: UploadRequest; bytes: Buffer }> {
  if (what === 'a document') return { request: documentRequest(itemId), bytes: PDF }
  const bytes = what === 'a photo in parts' ? Buffer.concat([file, Buffer.alloc(5 * MB)]) : file
  const photoId = what === 'a photo in a slot' ? await putPhoto(itemId) : undefined
  return { request: photoRequest(bytes, { ownerId: itemId, photoId }), bytes }
}

/** An item with one photo; its slot. */
async function putPhoto(itemId: string): Promise<string> {
  const key = `items/${itemId}/photos/slot/original-old.jpg`
  const put = await bucket.store.put(key, old, { contentType: 'image/jpeg' })
  const etag = put.outcome === 'stored' ? put.etag : ''
  const facts = { contentType: 'image/jpeg', bytes: old.length, width: 20, height: 10 }
  await opened.albums.add(
    itemId,
    { photoId: 'slot', key, etag, ...facts, addedAt: '2026-01-02T03:04:05.000Z' },
    { by: 'ana', ifAbsent: { owner: 'ana', access: 'public' } },
  )
  return 'slot'
}

function documentRequest(ownerId: string): UploadRequest {
  return {
    ...photoRequest(PDF),
    kind: 'verification-document',
    ownerId,
    fileName: 'pass.pdf',
    contentType: 'application/pdf',
    documentType: 'passport',
  }
}

/** Runs all of it in a process that is killed when each is as far as it is to come. */
async function dieIn(order: Order): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/uploads/completing-process.ts'], {
    env: { PATH: process.env['PATH'], ...QUIET },
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.stdin.end(JSON.stringify(order))
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

const of = (what: Case) => deaths.filter((death) => death.what === what)

/** The files of an item that its record names, and those that lie there. */
async function filesOf(itemId: string): Promise<{ named: string[]; there: string[] }> {
  const album = await opened.albums.find(itemId)
  const keys = await keysIn(bucket.store)
  return {
    named: album?.photos.map(({ key }) => key) ?? [],
    there: keys.filter((key) => key.startsWith(`items/${itemId}/photos/`)),
  }
}

describe('requirements: Flows – a completion killed at any step is wholly there or not at all, and can be made again', () => {
  it.each(['a new photo', 'a photo in a slot', 'a photo in parts'] as const)(
    '%s',
    async (what) => {
      for (const { uploadId = '', itemId, dieAt } of of(what)) {
        const died = await filesOf(itemId)
        expect(died.there, `${dieAt}: what is named is there`).toEqual(expect.arrayContaining(died.named))
        const completed = await opened.uploads.complete(uploadId, ADMIN)
        const album = await opened.albums.find(itemId)
        expect(album?.photos, `${dieAt}: named once`).toEqual(['photo' in completed && completed.photo])
        const { named, there } = await filesOf(itemId)
        expect(there, `${dieAt}: there`).toEqual(expect.arrayContaining(named))
        expect(named[0]).toContain(uploadId)
        expect(await opened.uploads.complete(uploadId, ADMIN)).toEqual(completed)
      }
    },
    120_000,
  )

  it('a document', async () => {
    const { documents, uploads } = opened
    for (const { uploadId = '', itemId, dieAt } of of('a document')) {
      const completed = await uploads.complete(uploadId, ADMIN)
      const found = await documents.find(itemId, uploadId)
      expect({ document: found }, `${dieAt}`).toEqual({
        document: 'document' in completed && completed.document,
      })
      expect(await bucket.store.head(found?.key ?? '')).toMatchObject({ etag: found?.etag })
      expect(await documents.list(itemId)).toHaveLength(1)
    }
  }, 120_000)

  it('through the gateway: named and there, or not named', async () => {
    const counts = { named: 0, none: 0 }
    for (const { itemId, dieAt } of of('through the gateway')) {
      const { named, there } = await filesOf(itemId)
      expect(there, `${dieAt}`).toEqual(expect.arrayContaining(named))
      counts[named.length > 0 ? 'named' : 'none'] += 1
    }
    expect(counts.named).toBeGreaterThan(5)
    expect(counts.none).toBeGreaterThan(5)
  })

  it('was killed before the copy, before the commit, and after it', () => {
    for (const what of ['a new photo', 'a photo in a slot', 'a document'] as const) {
      const ids = of(what)
      const hasDied = (pattern: (death: Death) => RegExp) =>
        ids.filter((death) => before.some((key) => pattern(death).test(key))).length
      const waiting = hasDied(({ uploadId }) => new RegExp(`^temp/uploads/${uploadId}/`))
      const placed = hasDied(({ uploadId }) => new RegExp(`^(?:items|verification)/.*${uploadId}`))
      expect(waiting, `${what}: not copied`).toBeGreaterThan(2)
      expect(placed, `${what}: copied`).toBeGreaterThan(2)
      expect(waiting + placed).toBeGreaterThanOrEqual(ids.length)
    }
  })

  it('leaves nothing where clients can write, once it is made again', async () => {
    const temporary = (await keysIn(bucket.store)).filter((key) => key.startsWith('temp/'))
    // What was being taken in belongs to nobody any more: it is the sweep's.
    const ids = deaths.flatMap(({ uploadId }) => uploadId ?? [])
    expect(temporary.filter((key) => ids.some((id) => key.includes(id)))).toEqual([])
  })
})
