import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Files } from '../../origin/store/files.ts'
import type { Layout } from '../../origin/store/layout.ts'
import { load } from '../../origin/store/load.ts'
import { piecesOf } from '../../origin/store/object-record.ts'
import * as steps from '../origin/multipart/upload-steps.ts'
import { type RawRequest, sendSigned } from '../origin/signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../origin/start-test-origin.ts'
import { Recorder } from './recorder.ts'
import { type Allowed, isDirectory, REPLAY_MS, replay, type Recording, withoutSync } from './replay.ts'

/** The version of what is uploaded in parts. */
const PARTS = 'parts'
const MIN_PART_BYTES = 5 * 1024 * 1024

const BODY_BYTES = [3, 1_300_000, 7000] as const

test(
  'every prefix of the file operations, with what is not synced dropped or reordered: each acknowledged object is whole',
  async () => {
    const recording = await recorded((files) => files)
    const { states, prefixes, faults } = replay(recording)
    console.log(`${recording.moments.length} moments, ${prefixes} prefixes, ${states} different disks`)
    expect(faults).toEqual([])
    expect(states).toBeGreaterThan(500)
  },
  REPLAY_MS,
)

test.each([
  { what: 'of bodies and records', skips: (path: string) => !isDirectory(path) },
  { what: 'of the names of records', skips: (path: string) => path.endsWith(`meta/${BUCKET}`) },
  { what: 'of the names of blobs', skips: (path: string) => path.endsWith('blobs') },
])(
  'without a sync $what it would be seen',
  async ({ skips }) => {
    const recording = await recorded((files) => withoutSync(files, skips))
    expect(replay(recording).faults).not.toEqual([])
  },
  REPLAY_MS,
)

/** Runs a server on a recorder: writers, overwriters, deleters and copies side by side, each on keys of its own. */
async function recorded(wrap: (files: Files) => Files): Promise<Recording> {
  const recorder = new Recorder()
  const directory = temporaryDirectory()
  const origin = await startTestOrigin({ directory, files: wrap(recorder.files) })
  const send = async (key: string, state: string, request: Partial<RawRequest>): Promise<void> => {
    recorder.note('asked', key, state)
    const { status } = await sendSigned({ url: origin.url, path: `/${BUCKET}/${key}`, ...request })
    expect(status).toBeLessThan(300)
    recorder.note('acknowledged', key, state)
  }
  const put = (key: string, version: number): Promise<void> => {
    const body = bodyOf(`${version}`)
    return send(key, `${version}`, { method: 'PUT', body, headers: { 'x-amz-meta-version': `${version}` } })
  }
  const writer = async (key: string): Promise<void> => {
    for (let version = 0; version < 3; version += 1) await put(key, version)
    await send(key, 'absent', { method: 'DELETE' })
    await put(key, 4)
  }
  const copier = async (): Promise<void> => {
    await put('source', 1)
    const headers = { 'x-amz-copy-source': `${BUCKET}/source` }
    await send('copy', '1', { method: 'PUT', headers })
    await send('source', 'absent', { method: 'DELETE' })
  }
  const uploader = async (): Promise<void> => {
    const upload = await steps.begin(origin.url, 'parts', { 'x-amz-meta-version': PARTS })
    const body = bodyOf(PARTS)
    const parts = await steps.sendParts(upload, [
      body.subarray(0, MIN_PART_BYTES),
      body.subarray(MIN_PART_BYTES),
    ])
    recorder.note('asked', 'parts', PARTS)
    expect((await steps.complete(upload, parts)).code).toBeUndefined()
    recorder.note('acknowledged', 'parts', PARTS)
    await put('parts', 0)
  }
  await Promise.all([writer('a'), writer('b'), copier(), uploader()])
  await origin.close()
  return { moments: recorder.moments, directory, check }
}

/** Starts on what the crash left, and compares. */
function check(layout: Layout, allowed: Allowed): string[] {
  const faults: string[] = []
  const { buckets } = load(layout, ({ what }) => faults.push(what))
  const records = buckets.find(({ name }) => name === BUCKET)?.records ?? []
  for (const [key, states] of allowed) {
    const record = records.find((record) => record.key === key)
    const version = new Map(record?.headers).get('x-amz-meta-version') ?? 'absent'
    if (!states.has(version)) faults.push(`${key} is ${version}, not ${[...states].join(' or ')}`)
    const body =
      record && Buffer.concat(piecesOf(record).map(({ blob }) => readFileSync(join(layout.blobs, blob))))
    if (body && !body.equals(bodyOf(version))) faults.push(`${key} ${version} is not whole`)
  }
  return faults
}

/** Made once: thousands of disks are compared with them. */
const bodies = new Map<string, Buffer>()

function bodyOf(version: string): Buffer {
  const made = bodies.get(version)
  if (made !== undefined) return made
  const bytes =
    version === PARTS ? MIN_PART_BYTES + 1000 : (BODY_BYTES[Number(version) % BODY_BYTES.length] ?? 0)
  const body = Buffer.alloc(bytes, version === PARTS ? 'in parts; ' : `version ${version}; `)
  bodies.set(version, body)
  return body
}
