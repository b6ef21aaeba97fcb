import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Files } from '../../origin/store/files.ts'
import { type Layout, layoutOf } from '../../origin/store/layout.ts'
import { begunIn, crash, type Disk, materialise } from './disk.ts'
import type { Moment } from './recorder.ts'

/** `npm run test:crash` asks for more. */
const RANDOM_STATES = Number(process.env['CRASH_STATES'] ?? 1)

/** More than a test has, since every state is a start of its own, and a busy machine takes seven times as long. */
export const REPLAY_MS = 180_000 + RANDOM_STATES * 60_000

/** For each thing that was written the states that it may have. */
export type Allowed = ReadonlyMap<string, ReadonlySet<string>>

/** What a start on a disk finds wrong. */
export type Check = (layout: Layout, allowed: Allowed) => string[]

/** What was recorded below a directory, and what to look at after a crash. */
export interface Recording {
  readonly moments: readonly Moment[]
  readonly directory: string
  readonly check: Check
}

/** Every prefix, and of each the disks that a crash might leave; what was wrong with the first that was wrong. */
export function replay({ moments, directory, check }: Recording): {
  states: number
  prefixes: number
  faults: string[]
} {
  const seen = new Set<string>()
  const faults: string[] = []
  for (let length = 0; length <= moments.length; length += 1) {
    const prefix = moments.slice(0, length)
    const allowed = allowedStates(prefix)
    for (const disk of disksAfter(prefix)) {
      const name = nameOf(disk, allowed)
      if (seen.has(name)) continue
      seen.add(name)
      for (const fault of startOn(disk, directory, (layout) => check(layout, allowed)))
        faults.push(`after ${length} moments: ${fault}`)
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

/** Puts what the crash left where a start can find it. */
function startOn(disk: Disk, directory: string, check: (layout: Layout) => string[]): string[] {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'origin-replay-'))
  try {
    const layout = layoutOf(root)
    for (const path of Object.values(layout)) mkdirSync(path, { recursive: true })
    materialise(disk, (path) => root + path.slice(directory.length))
    return check(layout)
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Equal names: nothing new can be found. */
function nameOf({ files, directories }: Disk, allowed: Allowed): string {
  const contents = [...files].map(([path, { name }]) => `${path} ${name}`).toSorted()
  const states = [...allowed].map(([key, states]) => `${key}: ${[...states].join(' ')}`)
  return createHash('md5')
    .update([...directories, ...contents, ...states].join('\n'))
    .digest('hex')
}

/** Whether a path is a directory whose names are synced. */
export function isDirectory(path: string): boolean {
  return path.endsWith('blobs') || path.endsWith('buckets') || /meta(\/[^/]+)?$/.test(path)
}

/** Planted faults: files or directories that are never synced. */
export function withoutSync(files: Files, skips: (path: string) => boolean): Files {
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
