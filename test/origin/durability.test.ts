import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Log, LogLine } from '../../origin/log.ts'
import { failing, writingShort } from '../support/failing-files.ts'
import { type RawAnswer, sendSigned } from './signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from './start-test-origin.ts'

const META = `meta/${BUCKET}`

describe('a restart', () => {
  test('keeps objects with all that belongs to them', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    const headers = { 'x-amz-meta-a': 'b', 'content-type': 'image/png', 'x-amz-checksum-crc32c': '4waSgw==' }
    await put(first.url, 'kept', '123456789', headers)
    const before = await get(first.url, 'kept')
    await first.close()
    const second = await startTestOrigin({ directory })
    const after = await get(second.url, 'kept')
    expect({ ...after.headers, ...ANY }).toEqual({ ...before.headers, ...ANY })
    expect(after.headers['x-amz-checksum-crc32c']).toBe('4waSgw==')
    expect(after.body.toString()).toBe('123456789')
  })

  test('removes what a crash left half-done, and nothing else', async () => {
    const directory = await directoryWith(['a', 'b'])
    writeFileSync(join(directory, 'tmp', 'half'), 'half a rec')
    writeFileSync(join(directory, 'blobs', '0'.repeat(32)), 'nobody names this')
    writeFileSync(join(directory, 'buckets', 'half-made'), '{}')
    const { url } = await startTestOrigin({ directory })
    expect((await get(url, 'a')).body.toString()).toBe('a')
    expect(readdirSync(join(directory, 'tmp'))).toEqual([])
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(2)
    expect(readdirSync(join(directory, 'buckets'))).toEqual([BUCKET])
    expect(readdirSync(join(directory, 'damaged'))).toEqual([])
  })

  test('finishes the deletion of a bucket, and keeps one that lost its date', async () => {
    const directory = await directoryWith(['a'])
    rmSync(join(directory, 'buckets', BUCKET))
    mkdirSync(join(directory, 'meta', 'dateless'))
    writeFileSync(join(directory, 'buckets', 'dateless'), 'no date')
    const { url } = await startTestOrigin({ directory, buckets: [] })
    expect((await get(url, 'a')).status).toBe(200)
    const listed = await sendSigned({ url, path: '/' })
    expect(listed.body.toString()).toContain('<Name>dateless</Name>')
  })

  const damages: readonly { what: string; damage: (directory: string, key: string) => void }[] = [
    { what: 'a cut record', damage: (directory, key) => truncateSync(recordFile(directory, key), 20) },
    { what: 'an empty record', damage: (directory, key) => truncateSync(recordFile(directory, key), 0) },
    { what: 'a flipped bit', damage: flipBit },
    {
      what: "another key's record",
      damage: (directory, key) =>
        writeFileSync(recordFile(directory, key), readFileSync(recordFile(directory, 'whole'))),
    },
    {
      what: 'a record that is a directory',
      damage: (directory, key) => (rmSync(recordFile(directory, key)), mkdirSync(recordFile(directory, key))),
    },
    { what: 'a missing blob', damage: (directory, key) => rmSync(blobFile(directory, key)) },
    { what: 'a cut blob', damage: (directory, key) => truncateSync(blobFile(directory, key), 1) },
  ]
  test.each(damages)('sets $what aside, says so, and serves the rest', async ({ damage }) => {
    const directory = await directoryWith(['whole', 'hurt'])
    damage(directory, 'hurt')
    const lines: LogLine[] = []
    const { url } = await startTestOrigin({ directory, log: (line) => lines.push(line) })
    expect((await get(url, 'whole')).body.toString()).toBe('whole')
    expect((await get(url, 'hurt')).code).toBe('NoSuchKey')
    expect(lines).toMatchObject([{ msg: 'set aside at start', path: recordFile(directory, 'hurt') }])
    // The record, and the blob that it may have named: someone may want to look.
    const aside = readdirSync(join(directory, 'damaged'))
    expect(aside.some((name) => name.startsWith(BUCKET))).toBe(true)
    expect((await put(url, 'hurt', 'anew')).status).toBe(200)
  })
})

describe('one process owns a directory', () => {
  test('a second start is refused, one after the stop is not', async () => {
    const directory = temporaryDirectory()
    const first = await startTestOrigin({ directory })
    await expect(startTestOrigin({ directory })).rejects.toThrow(/in use by process \d+/)
    await first.close()
    await startTestOrigin({ directory })
  })

  test.each([
    { what: 'of a dead process', lock: '4194304999 1' },
    { what: 'of a number that another process bears now', lock: `${process.pid} 1` },
    { what: 'that is no lock', lock: 'hello' },
  ])('a lock $what is taken over', async ({ lock }) => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'lock'), lock)
    await startTestOrigin({ directory })
    expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual(['lock'])
  })

  test('a start that fails gives the directory back', async () => {
    const directory = temporaryDirectory()
    const other = await startTestOrigin()
    const port = Number(new URL(other.url).port)
    await expect(startTestOrigin({ directory, port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(startTestOrigin({ directory, buckets: ['..'] })).rejects.toMatchObject({
      code: 'InvalidBucketName',
    })
    await startTestOrigin({ directory })
  })
})

describe('a disk that fails', () => {
  const steps: readonly {
    what: string
    fail: (path: string) => boolean
    of: 'open' | 'rename' | 'unlink'
  }[] = [
    { what: 'the blob', of: 'open', fail: (path) => /blobs.[0-9a-f]{32}$/.test(path) },
    { what: 'the draft of the record', of: 'open', fail: (path) => /tmp.[0-9a-f]{32}$/.test(path) },
    { what: 'the rename', of: 'rename', fail: (path) => /tmp.[0-9a-f]{32}$/.test(path) },
  ]
  test.each(steps)('full at $what leaves the old object whole', async ({ of, fail }) => {
    const directory = await directoryWith(['a'])
    let isFull = false
    const files = failing(of, (path) => isFull && fail(path), 'ENOSPC')
    const { url } = await startTestOrigin({ directory, files })
    isFull = true
    const answer = await put(url, 'a', 'new')
    expect({ status: answer.status, code: answer.code }).toEqual({ status: 507, code: 'InsufficientStorage' })
    isFull = false
    expect((await get(url, 'a')).body.toString()).toBe('a')
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1)
    expect(readdirSync(join(directory, 'tmp'))).toHaveLength(0)
    expect((await put(url, 'a', 'new')).status).toBe(200)
  })

  test('when the rename is made but not synced: not acknowledged, and whole either way', async () => {
    const directory = await directoryWith(['a'])
    let isBroken = false
    const files = failing('open', (path) => isBroken && path.endsWith(META), 'EIO')
    const lines: LogLine[] = []
    const origin = await startTestOrigin({ directory, files, log: (line) => lines.push(line) })
    isBroken = true
    expect((await put(origin.url, 'a', 'new')).code).toBe('InternalError')
    expect((await get(origin.url, 'a')).body.toString()).toBe('new')
    expect(lines).toMatchObject([{ msg: 'request failed' }])
    isBroken = false
    await origin.close()
    const again = await startTestOrigin({ directory })
    expect((await get(again.url, 'a')).body.toString()).toBe('new')
  })

  test.each([0, 1, 100_000])('that takes %i bytes at first gets the rest', async (bytes) => {
    const { url } = await startTestOrigin({ files: writingShort(bytes) })
    const body = Array.from({ length: 200_000 }, (_, index) => `${index} `).join('')
    expect((await put(url, 'key', body)).status).toBe(200)
    expect((await get(url, 'key')).body.toString() === body).toBe(true)
  })

  test('when links are not to be had, a copy is one', async () => {
    const directory = await directoryWith(['a'])
    const { url } = await startTestOrigin({ directory, files: failing('link', () => true, 'EPERM') })
    const headers = { 'x-amz-copy-source': `${BUCKET}/a` }
    expect((await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/b`, headers })).status).toBe(200)
    expect((await get(url, 'b')).body.toString()).toBe('a')
  })

  test.each(['a', 'x'.repeat(2_000_000)])(
    'a blob that vanishes or shrinks is an error, not a short answer',
    async (body) => {
      const directory = temporaryDirectory()
      const log = vi.fn<Log>()
      const { url } = await startTestOrigin({ directory, log })
      await put(url, 'a', body)
      const [blob = ''] = readdirSync(join(directory, 'blobs'))
      truncateSync(join(directory, 'blobs', blob), 0)
      expect((await get(url, 'a')).code).toBe('InternalError')
      rmSync(join(directory, 'blobs', blob))
      expect((await get(url, 'a')).code).toBe('InternalError')
      const headers = { 'x-amz-copy-source': `${BUCKET}/a` }
      expect((await sendSigned({ url, method: 'PUT', path: `/${BUCKET}/b`, headers })).code).toBe(
        'InternalError',
      )
      expect(log).toHaveBeenCalledTimes(3)
    },
  )
})

/** Headers that differ from answer to answer. */
const ANY = { date: '', 'x-amz-request-id': '' }

async function put(
  url: string,
  key: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return sendSigned({ url, method: 'PUT', path: `/${BUCKET}/${key}`, body, headers })
}

async function get(url: string, key: string): Promise<RawAnswer> {
  return sendSigned({ url, path: `/${BUCKET}/${key}`, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
}

/** A directory of a stopped origin, with an object a key whose body is the key. */
async function directoryWith(keys: readonly string[]): Promise<string> {
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory })
  for (const key of keys) await put(origin.url, key, key)
  await origin.close()
  return directory
}

function recordFile(directory: string, key: string): string {
  return join(directory, META, createHash('sha256').update(key).digest('hex'))
}

function blobFile(directory: string, key: string): string {
  const blob = /"blob":"(\w+)"/.exec(readFileSync(recordFile(directory, key), 'utf8'))?.[1] ?? ''
  return join(directory, 'blobs', blob)
}

function flipBit(directory: string, key: string): void {
  const bytes = readFileSync(recordFile(directory, key))
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
  writeFileSync(recordFile(directory, key), bytes)
}
