import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Origin } from '../../../origin/create-origin.ts'
import type { LogLine } from '../../../origin/log.ts'
import { failing } from '../../support/failing-files.ts'
import { type RawAnswer, sendSigned } from '../signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'
import { abort, begin, complete, get, multipartEtag, put, sendPart, sendParts } from './upload-steps.ts'
import type { Named, Upload } from './upload-steps.ts'

const KEY = 'a'
const BODIES = ['first', 'last']
const WHOLE = 'firstlast'

describe('a restart', () => {
  test('keeps uploads and their parts, and what is completed', async () => {
    const directory = temporaryDirectory()
    const first = await start(directory)
    const upload = await begin(first.url, KEY, { 'x-amz-meta-a': 'ä' })
    const parts = await sendParts(upload, BODIES)
    const listed = await listParts(upload)
    await first.close()

    const second = await start(directory)
    expect((await listParts({ ...upload, url: second.url })).body.toString()).toBe(listed.body.toString())
    const done = await complete({ ...upload, url: second.url }, parts)
    await second.close()

    const third = await start(directory)
    const got = await get(third.url, KEY)
    expect(got.body.toString()).toBe(WHOLE)
    expect(got.headers).toMatchObject({ etag: multipartEtag(BODIES), 'x-amz-meta-a': 'ä' })
    const again = await complete({ ...upload, url: third.url }, parts)
    expect(withoutHost(again)).toBe(withoutHost(done))
    expect((await listParts({ ...upload, url: third.url })).code).toBe('NoSuchUpload')
  })

  test('finishes what a crash left of aborted and half-made uploads', async () => {
    const { directory, upload } = await directoryWithUpload()
    const gone = '0'.repeat(44)
    writeFileSync(join(directory, 'uploads', `${gone}.1`), 'a part whose upload was aborted')
    writeFileSync(join(directory, 'tmp', 'draft'), 'half a part')
    writeFileSync(join(directory, 'blobs', '0'.repeat(32)), 'half a body')
    const { url } = await start(directory)
    expect(readdirSync(join(directory, 'uploads')).toSorted()).toEqual([
      upload.id,
      `${upload.id}.1`,
      `${upload.id}.2`,
    ])
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2)
    expect(readdirSync(join(directory, 'tmp'))).toEqual([])
    expect((await abort({ ...upload, url })).status).toBe(204)
  })

  test('forgets uploads to a bucket that is no more', async () => {
    const { directory, upload } = await directoryWithUpload()
    rmSync(join(directory, 'meta', BUCKET), { recursive: true })
    const { url } = await start(directory)
    expect((await listParts({ ...upload, url })).code).toBe('NoSuchUpload')
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
    expect(readdirSync(join(directory, 'blobs'))).toEqual([])
  })

  const damages: readonly { what: string; file: string; damage: (directory: string, id: string) => void }[] =
    [
      {
        what: 'a cut part',
        file: '.1',
        damage: (directory, id) => truncateSync(join(directory, 'uploads', `${id}.1`), 30),
      },
      {
        what: "another part's record",
        file: '.1',
        damage: (directory, id) =>
          writeFileSync(
            join(directory, 'uploads', `${id}.1`),
            readFileSync(join(directory, 'uploads', `${id}.2`)),
          ),
      },
      {
        what: 'a part without its blob',
        file: '.1',
        damage: (directory, id) =>
          rmSync(join(directory, 'blobs', firstBlob(join(directory, 'uploads', `${id}.1`)))),
      },
      {
        what: 'a cut upload',
        file: '',
        damage: (directory, id) => truncateSync(join(directory, 'uploads', id), 30),
      },
    ]
  test.each(damages)('sets $what aside and says so', async ({ file, damage }) => {
    const { directory, upload, parts } = await directoryWithUpload()
    damage(directory, upload.id)
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ directory, log: (line) => lines.push(line) })
    expect(lines).toMatchObject([
      { msg: 'set aside at start', path: join(directory, 'uploads', upload.id + file) },
    ])
    expect((await complete({ ...upload, url }, parts)).code).toBe(
      file === '' ? 'NoSuchUpload' : 'InvalidPart',
    )
    // The record, and what it may have named: someone may want to look.
    expect(readdirSync(join(directory, 'damaged')).some((name) => name.startsWith('upload-'))).toBe(true)
  })

  test('sets an object aside of which a part is damaged', async () => {
    const { directory, upload, parts } = await directoryWithUpload()
    const first = await start(directory)
    await complete({ ...upload, url: first.url }, parts)
    await first.close()
    const record = join(directory, 'meta', BUCKET, createHash('sha256').update(KEY).digest('hex'))
    truncateSync(join(directory, 'blobs', firstBlob(record)), 1)
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ directory, log: (line) => lines.push(line) })
    expect((await get(url, KEY)).code).toBe('NoSuchKey')
    expect(lines).toMatchObject([{ what: 'blob of another length', path: record }])
  })
})

describe('a disk that fails', () => {
  const steps: readonly { what: string; of: 'open' | 'rename'; fail: (path: string) => boolean }[] = [
    { what: 'the blob', of: 'open', fail: (path) => /blobs.[0-9a-f]{32}$/.test(path) },
    { what: "the draft of the part's record", of: 'open', fail: (path) => /tmp.[0-9a-f]{32}$/.test(path) },
    { what: 'its rename', of: 'rename', fail: (path) => /tmp.[0-9a-f]{32}$/.test(path) },
  ]
  test.each(steps)('full at $what leaves the upload as it was', async ({ of, fail }) => {
    const directory = temporaryDirectory()
    let isFull = false
    const files = failing(of, (path) => isFull && fail(path), 'ENOSPC')
    const { url } = await startTestOrigin({ directory, files, minPartBytes: 1 })
    const upload = await begin(url, KEY)
    const parts = await sendParts(upload, BODIES)
    isFull = true
    expect((await sendPart(upload, 1, 'other')).code).toBe('InsufficientStorage')
    isFull = false
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2)
    expect(readdirSync(join(directory, 'tmp'))).toEqual([])
    expect((await complete(upload, parts)).status).toBe(200)
    expect((await get(url, KEY)).body.toString()).toBe(WHOLE)
  })

  test('full at the completion leaves the old object and the upload whole', async () => {
    let isFull = false
    const files = failing('rename', () => isFull, 'ENOSPC')
    const { url } = await startTestOrigin({ files, minPartBytes: 1 })
    await put(url, KEY, 'before')
    const upload = await begin(url, KEY)
    const parts = await sendParts(upload, BODIES)
    isFull = true
    expect((await complete(upload, parts)).code).toBe('InsufficientStorage')
    expect((await get(url, KEY)).body.toString()).toBe('before')
    isFull = false
    expect((await complete(upload, parts)).status).toBe(200)
    expect((await get(url, KEY)).body.toString()).toBe(WHOLE)
  })

  test.each([
    { what: 'a completion whose rename is not synced', of: 'open', where: join('meta', BUCKET) },
    { what: 'a completion whose upload cannot be removed', of: 'unlink', where: 'uploads' },
  ] as const)('$what: not acknowledged, whole, and acknowledged when sent again', async ({ of, where }) => {
    const { directory, upload: begun, parts } = await directoryWithUpload()
    let isBroken = false
    const files = failing(of, (path) => isBroken && path.includes(where), 'EIO')
    const first = await startTestOrigin({ directory, files, minPartBytes: 1 })
    const upload = { ...begun, url: first.url }
    isBroken = true
    expect((await complete(upload, parts)).code).toBe('InternalError')
    isBroken = false
    expect((await abort(upload)).code).toBe('NoSuchUpload')
    expect((await complete(upload, parts)).status).toBe(200)
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
    await first.close()
    const { url } = await start(directory)
    expect((await get(url, KEY)).body.toString()).toBe(WHOLE)
    expect((await listParts({ ...upload, url })).code).toBe('NoSuchUpload')
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2)
  })

  test('a start finishes a completion whose upload could not be removed', async () => {
    const { directory, upload, parts } = await directoryWithUpload()
    const files = failing('unlink', (path) => path.includes('uploads'), 'EIO')
    const first = await startTestOrigin({ directory, files, minPartBytes: 1 })
    expect((await complete({ ...upload, url: first.url }, parts)).code).toBe('InternalError')
    await first.close()
    const { url } = await start(directory)
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
    expect((await abort({ ...upload, url })).code).toBe('NoSuchUpload')
    expect((await complete({ ...upload, url }, parts)).status).toBe(200)
    expect((await get(url, KEY)).body.toString()).toBe(WHOLE)
  })

  test('a part that is lost under a reader ends the connection, not the server', async () => {
    const { directory, upload, parts } = await directoryWithUpload()
    const { url } = await start(directory)
    await complete({ ...upload, url }, parts)
    const record = join(directory, 'meta', BUCKET, createHash('sha256').update(KEY).digest('hex'))
    rmSync(join(directory, 'blobs', firstBlob(record)))
    await expect(get(url, KEY)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect((await get(url, KEY, { range: 'bytes=-4' })).body.toString()).toBe('last')
  })
})

test('a bucket is deleted with its uploads, unless a completion makes it not empty', async () => {
  const { directory, upload: begun, parts } = await directoryWithUpload()
  const { url } = await start(directory)
  const upload = { ...begun, url }
  const [done, gone] = await Promise.all([
    complete(upload, parts),
    sendSigned({ url, method: 'DELETE', path: `/${BUCKET}` }),
  ])
  expect([done.code, gone.code]).toEqual([undefined, 'BucketNotEmpty'])
  await sendSigned({ url, method: 'DELETE', path: `/${BUCKET}/${KEY}` })
  await sendPart(await begin(url, 'other'), 1, 'body')
  expect((await sendSigned({ url, method: 'DELETE', path: `/${BUCKET}` })).status).toBe(204)
  expect(readdirSync(join(directory, 'uploads'))).toEqual([])
  expect(readdirSync(join(directory, 'blobs'))).toEqual([])
})

async function start(directory: string): Promise<Origin> {
  return startTestOrigin({ directory, minPartBytes: 1 })
}

/** A directory of a stopped origin in which an upload of two parts is under way. */
async function directoryWithUpload(): Promise<{ directory: string; upload: Upload; parts: Named[] }> {
  const directory = temporaryDirectory()
  const origin = await start(directory)
  const upload = await begin(origin.url, KEY)
  const parts = await sendParts(upload, BODIES)
  await origin.close()
  return { directory, upload, parts }
}

async function listParts({ url, key, id }: Upload): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}/${key}`, query: { uploadId: id } })
}

function firstBlob(record: string): string {
  return /"blob":"(\w+)"/.exec(readFileSync(record, 'utf8'))?.[1] ?? ''
}

function withoutHost({ body }: RawAnswer): string {
  return body.toString().replace(/<Location>.*<\/Location>/, '')
}
