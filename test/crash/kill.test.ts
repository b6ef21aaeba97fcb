import { expect, test } from 'vitest'
import { type RunningOrigin, startOrigin } from '../support/s3-server.ts'
import { type RawAnswer, type RawRequest, sendSigned } from '../origin/signed-request.ts'

/** `npm run test:crash` asks for more. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? 5)
const WRITERS = 8
const MS_A_KILL = 10_000

/** Of five versions the one that is uploaded in parts. */
const IN_PARTS = 3
const MIN_PART_BYTES = 5 * 1024 * 1024

/** What a key may hold: a version, or nothing. */
type State = number | 'absent'

/** What is known of a key that one writer works on. */
interface History {
  readonly key: string
  acknowledged: State
  /** Sent, and not answered yet. */
  pending: State | undefined
  next: number
}

test(
  `kill -9, ${KILLS} times, under writers, uploads in parts and deleters: objects are wholly old or wholly new, nothing acknowledged is lost`,
  async () => {
    const origin = await startOrigin()
    const histories = Array.from({ length: WRITERS }, (_, index) => newHistory(`key ${index}`))
    const counts = { writes: 0, deletes: 0, unanswered: 0 }
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = counts.writes + counts.deletes
        let killing: Promise<void> | undefined
        // Not after a time but after some work, each round another amount: the blow falls anywhere.
        const target = before + 5 + ((kill * 7) % 31)
        const onChange = (): void => {
          if (counts.writes + counts.deletes >= target) killing ??= origin.kill()
        }
        await Promise.all(histories.map((history) => work(origin, history, counts, onChange)))
        await killing
        await origin.restart()
        await checkAll(origin, histories)
      }
    } finally {
      await origin.stop()
    }
    console.log(
      `${KILLS} kills: ${counts.writes} writes, ${counts.deletes} deletes, ${counts.unanswered} cut off`,
    )
    expect(counts.writes).toBeGreaterThan(KILLS)
    expect(counts.unanswered).toBeGreaterThan(0)
  },
  KILLS * MS_A_KILL,
)

function newHistory(key: string): History {
  return { key, acknowledged: 'absent', pending: undefined, next: 1 }
}

/** Writes new versions, one of five in parts, and deletes every fifth time, until the server is gone. */
async function work(
  origin: RunningOrigin,
  history: History,
  counts: { writes: number; deletes: number; unanswered: number },
  onChange: () => void,
): Promise<void> {
  for (;;) {
    const version = history.next
    history.next += 1
    const removes = version % 5 === 0
    history.pending = removes ? 'absent' : version
    const answer = await (removes ? remove(origin, history.key) : put(origin, history.key, version)).catch(
      cutOff,
    )
    if (answer === 'cut off') {
      counts.unanswered += 1
      return
    }
    // A completion may fail after its 200 has begun: then the body says so.
    expect([answer.status, answer.code]).toEqual([removes ? 204 : 200, undefined])
    history.acknowledged = history.pending
    history.pending = undefined
    counts[removes ? 'deletes' : 'writes'] += 1
    onChange()
  }
}

/** What is there now is what counts from here on: a write that was not answered may have come through or not. */
async function checkAll(origin: RunningOrigin, histories: readonly History[]): Promise<void> {
  for (const history of histories) {
    const { key, acknowledged, pending } = history
    const got = await request(origin, { key })
    const version = Number(got.headers['x-amz-meta-version'])
    const state: State = got.code === 'NoSuchKey' ? 'absent' : version
    expect([acknowledged, pending]).toContain(state)
    const isWhole = state === 'absent' || got.body.equals(bodyOf(key, version))
    expect(isWhole, `${key} ${version} is whole`).toBe(true)
    history.acknowledged = state
    history.pending = undefined
  }
}

/** From some bytes to 2 MB: small bodies are one write, large ones many. */
function bodyOf(key: string, version: number): Buffer {
  const sizes = [10, 3000, 100_000, MIN_PART_BYTES, 2_000_000]
  return Buffer.alloc((sizes[version % sizes.length] ?? 0) + version, `${key}, version ${version}; `)
}

async function put(origin: RunningOrigin, key: string, version: number): Promise<RawAnswer> {
  const headers = { 'x-amz-meta-version': String(version) }
  if (version % 5 === IN_PARTS) return putInParts(origin, key, version)
  return request(origin, { method: 'PUT', key, body: bodyOf(key, version), headers })
}

/** Two parts and the completion; whatever ends it early is the answer. */
async function putInParts(origin: RunningOrigin, key: string, version: number): Promise<RawAnswer> {
  const headers = { 'x-amz-meta-version': String(version) }
  const begun = await request(origin, { method: 'POST', key, query: { uploads: '' }, headers })
  const uploadId = /<UploadId>(\w+)</.exec(begun.body.toString())?.[1] ?? ''
  const body = bodyOf(key, version)
  const pieces = [body.subarray(0, MIN_PART_BYTES), body.subarray(MIN_PART_BYTES)]
  const parts = await Promise.all(
    pieces.map(async (piece, index) => {
      const partNumber = String(index + 1)
      const part = await request(origin, { method: 'PUT', key, body: piece, query: { partNumber, uploadId } })
      return `<Part><PartNumber>${partNumber}</PartNumber><ETag>${part.headers.etag}</ETag></Part>`
    }),
  )
  const document = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
  return request(origin, { method: 'POST', key, body: document, query: { uploadId } })
}

async function remove(origin: RunningOrigin, key: string): Promise<RawAnswer> {
  return request(origin, { method: 'DELETE', key })
}

async function request(
  { url, bucket, accessKeyId, secretAccessKey }: RunningOrigin,
  { key, ...rest }: Partial<RawRequest> & { key: string },
): Promise<RawAnswer> {
  const path = `/${bucket}/${encodeURIComponent(key)}`
  return sendSigned({ url, accessKey: accessKeyId, secret: secretAccessKey, path, ...rest })
}

/** A connection that ended instead of an answer; anything else is a fault of the test. */
function cutOff(error: unknown): 'cut off' {
  if (error instanceof Error && 'code' in error) return 'cut off'
  throw error
}
