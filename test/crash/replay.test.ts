import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Files } from '../../origin/store/files.ts'
import { layoutOf } from '../../origin/store/layout.ts'
import { load } from '../../origin/store/load.ts'
import { piecesOf } from '../../origin/store/object-record.ts'
import * as steps from '../origin/multipart/upload-steps.ts'
import { type RawRequest, sendSigned } from '../origin/signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../origin/start-test-origin.ts'
import { begunIn, crash, type Disk, materialise } from './disk.ts'
import { type Moment, Recorder } from './recorder.ts'

/** `npm run test:crash` asks for more. */
const RANDOM_STATES = Number(process.env['CRASH_STATES'] ?? 3)

/** The version of what is uploaded in parts. */
const PARTS = 'parts'
const MIN_PART_BYTES = 5 * 1024 * 1024

/** More than a test has, since every state is a start of its own. */
const REPLAY_MS = 120_000 + RANDOM_STATES * 10_000

const BODY_BYTES = [3, 1_300_000, 7000] as const

test(
  'every prefix of the file operations, with what is not synced dropped or reordered: each acknowledged object is whole',
  async () => {
    const { recorder, directory } = await recorded((files) => files)
    const { states, prefixes, faults } = replay(recorder.moments, directory)
    console.log(`${recorder.moments.length} moments, ${prefixes} prefixes, ${states} different disks`)
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
    const { recorder, directory } = await recorded((files) => withoutSync(files, skips))
    expect(replay(recorder.moments, directory).faults).not.toEqual([])
  },
  REPLAY_MS,
)

/** Runs a server on a recorder: writers, overwriters, deleters and copies side by side, each on keys of its own. */
async function recorded(wrap: (files: Files) => Files): Promise<{ recorder: Recorder; directory: string }> {
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
  return { recorder, directory }
}

/** Every prefix, and of each the disks that a crash might leave; what was wrong with the first that was wrong. */
function replay(
  moments: readonly Moment[],
  directory: string,
): { states: number; prefixes: number; faults: string[] } {
  const seen = new Set<string>()
  const faults: string[] = []
  for (let length = 0; length <= moments.length; length += 1) {
    const prefix = moments.slice(0, length)
    const allowed = allowedStates(prefix)
    for (const disk of disksAfter(prefix)) {
      const name = nameOf(disk, allowed)
      if (seen.has(name)) continue
      seen.add(name)
      for (const fault of check(disk, directory, allowed)) faults.push(`after ${length} moments: ${fault}`)
      if (faults.length > 0) return { states: seen.size, prefixes: length, faults }
    }
  }
  return { states: seen.size, prefixes: moments.length + 1, faults }
}

/** All and nothing of what is not durable, all but one, one alone, and some by chance; each whole and torn. */
function disksAfter(prefix: readonly Moment[]): Disk[] {
  const begun = begunIn(prefix)
  const open = begun.filter(({ durable }) => !durable).map(({ id }) => id)
  const choices: ((id: number) => boolean)[] = [() => true, () => false]
  for (const one of open)
    choices.push(
      (id) => id !== one,
      (id) => id === one,
    )
  for (let seed = 0; seed < RANDOM_STATES; seed += 1)
    choices.push((id) => (createHash('md5').update(`${prefix.length} ${seed} ${id}`).digest()[0] ?? 0) < 128)
  return choices.flatMap((came) => [crash(begun, came, false), crash(begun, came, true)])
}

/** For each key the state that was acknowledged last, and those asked for since. */
function allowedStates(prefix: readonly Moment[]): Map<string, Set<string>> {
  const allowed = new Map<string, Set<string>>()
  for (const moment of prefix) {
    if (moment.at === 'asked') {
      const states = allowed.get(moment.key) ?? new Set(['absent'])
      allowed.set(moment.key, states.add(moment.state))
    }
    if (moment.at === 'acknowledged') allowed.set(moment.key, new Set([moment.state]))
  }
  return allowed
}

/** Starts on what the crash left, and compares. */
function check(disk: Disk, directory: string, allowed: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'origin-replay-'))
  try {
    const layout = layoutOf(root)
    for (const path of Object.values(layout)) mkdirSync(path, { recursive: true })
    materialise(disk, (path) => root + path.slice(directory.length))
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
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Equal names: nothing new can be found. */
function nameOf({ files, directories }: Disk, allowed: ReadonlyMap<string, ReadonlySet<string>>): string {
  const contents = [...files].map(([path, { name }]) => `${path} ${name}`).toSorted()
  const states = [...allowed].map(([key, states]) => `${key}: ${[...states].join(' ')}`)
  return createHash('md5')
    .update([...directories, ...contents, ...states].join('\n'))
    .digest('hex')
}

function bodyOf(version: string): Buffer {
  if (version === PARTS) return Buffer.alloc(MIN_PART_BYTES + 1000, 'in parts; ')
  return Buffer.alloc(BODY_BYTES[Number(version) % BODY_BYTES.length] ?? 0, `version ${version}; `)
}

function isDirectory(path: string): boolean {
  return path.endsWith('blobs') || path.endsWith('buckets') || /meta(\/[^/]+)?$/.test(path)
}

/** Planted faults: files or directories that are never synced. */
function withoutSync(files: Files, skips: (path: string) => boolean): Files {
  return {
    ...files,
    open: async (path, flags, mode) => {
      const handle = await files.open(path, flags, mode)
      if (!skips(String(path))) return handle
      return new Proxy(handle, {
        get: (real, name) => {
          if (name === 'sync') return () => Promise.resolve()
          const value: unknown = Reflect.get(real, name, real)
          return typeof value === 'function' ? value.bind(real) : value
        },
      })
    },
  }
}
