import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Inode, Moment, Operation } from './recorder.ts'

/** An operation that had begun when the power failed. */
interface Begun {
  readonly id: number
  readonly operation: Exclude<Operation, { kind: 'sync' }>
  /** Whether a sync that began after its end had ended: then no crash can undo it. */
  readonly durable: boolean
}

/** What a disk holds: the files by path, and the directories. */
export interface Disk {
  readonly files: ReadonlyMap<string, Content>
  readonly directories: ReadonlySet<string>
}

/** Bytes that are put together only when they are wanted; equal names, equal bytes. */
interface Content {
  readonly name: string
  readonly read: () => Buffer
}

/** The operations of a prefix, with what of them is safe. */
export function begunIn(moments: readonly Moment[]): Begun[] {
  const ends = new Map<number, number>()
  for (const [place, moment] of moments.entries()) if (moment.at === 'end') ends.set(moment.id, place)
  const syncs = moments.flatMap((moment, place) =>
    moment.at === 'begin' && moment.operation.kind === 'sync' && ends.has(moment.id)
      ? [{ place, target: moment.operation.target }]
      : [],
  )
  return moments.flatMap((moment) => {
    if (moment.at !== 'begin' || moment.operation.kind === 'sync') return []
    const { id, operation } = moment
    const target = operation.kind === 'write' ? operation.inode : dirname(operation.path)
    const end = ends.get(id) ?? Number.POSITIVE_INFINITY
    return [{ id, operation, durable: syncs.some((sync) => sync.target === target && sync.place > end) }]
  })
}

/**
 * What a crash may leave: of what is not durable each operation may have come through or not, whatever became of those
 * before it. `torn`: the last write that came through without being durable did so by half.
 */
export function crash(begun: readonly Begun[], came: (id: number) => boolean, torn: boolean): Disk {
  const applied = begun.filter(({ id, durable }) => durable || came(id))
  const entries = new Map<string, Inode | 'directory'>()
  for (const { operation } of applied) {
    if (operation.kind === 'enter') entries.set(operation.path, operation.target)
    if (operation.kind === 'remove') entries.delete(operation.path)
    if (operation.kind === 'rename') {
      entries.delete(operation.from)
      entries.set(operation.path, operation.target)
    }
  }
  const directories = new Set<string>()
  const files = new Map<string, Content>()
  for (const [path, target] of entries) {
    if (target === 'directory') directories.add(path)
    else files.set(path, contentOf(piecesOf(target, begun, came), torn))
  }
  return { files, directories }
}

interface Piece {
  readonly id: number
  readonly bytes: Buffer
  readonly durable: boolean
  readonly comes: boolean
}

function piecesOf(inode: Inode, begun: readonly Begun[], came: (id: number) => boolean): Piece[] {
  return begun.flatMap(({ id, operation, durable }) =>
    operation.kind === 'write' && operation.inode === inode
      ? [{ id, bytes: operation.bytes, durable, comes: durable || came(id) }]
      : [],
  )
}

/** Appends that did not come through leave zeros before others that did, and nothing at the end. */
function contentOf(pieces: readonly Piece[], torn: boolean): Content {
  const kept = pieces.slice(0, pieces.findLastIndex(({ comes }) => comes) + 1)
  const last = kept.at(-1)
  const cut = torn && last !== undefined && !last.durable ? Math.ceil(last.bytes.length / 2) : 0
  return {
    name: `${kept.map(({ id, comes }) => (comes ? id : `-${id}`)).join(' ')} ${cut}`,
    read() {
      const all = Buffer.concat(kept.map(({ bytes, comes }) => (comes ? bytes : Buffer.alloc(bytes.length))))
      return all.subarray(0, all.length - cut)
    },
  }
}

/** Puts a disk's content where it can be read; `move` says where a path goes. Names in directories that are gone are gone. */
export function materialise({ files, directories }: Disk, move: (path: string) => string): void {
  for (const path of directories) mkdirSync(move(path), { recursive: true })
  for (const [path, content] of files) {
    try {
      writeFileSync(move(path), content.read())
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}
