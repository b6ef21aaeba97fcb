import type { FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type Files, NODE_FILES } from '../../origin/store/files.ts'

/** A file by its number, whatever names it has. */
export type Inode = number

/** One operation on the disk. */
export type Operation =
  | { readonly kind: 'write'; readonly inode: Inode; readonly bytes: Buffer }
  /** A name in a directory is given to a file or a new directory. */
  | { readonly kind: 'enter'; readonly path: string; readonly target: Inode | 'directory' }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly path: string; readonly target: Inode }
  | { readonly kind: 'sync'; readonly target: Inode | string }

/** What happened in time: an operation or a request began, or it ended. */
export type Moment =
  | { readonly at: 'begin'; readonly id: number; readonly operation: Operation }
  | { readonly at: 'end'; readonly id: number }
  | { readonly at: 'asked' | 'acknowledged'; readonly key: string; readonly state: string }

/** The real files, with everything that is done to them written down. */
export class Recorder {
  readonly moments: Moment[] = []
  readonly #inodes = new Map<string, Inode>()
  #nextInode = 1
  #nextId = 1

  readonly files: Files = Object.assign(
    {
      ...NODE_FILES,
      open: async (path, flags, mode) => this.#open(String(path), String(flags), mode),
      rename: async (from, to) => {
        const operation = {
          kind: 'rename',
          from: String(from),
          path: String(to),
          target: this.#inode(from),
        } as const
        await this.#record(operation, () => NODE_FILES.rename(from, to))
        this.#inodes.delete(String(from))
        this.#inodes.set(String(to), operation.target)
      },
      unlink: async (path) =>
        this.#record({ kind: 'remove', path: String(path) }, () => NODE_FILES.unlink(path)),
      link: async (from, to) => {
        const target = this.#inode(from)
        await this.#record({ kind: 'enter', path: String(to), target }, () => NODE_FILES.link(from, to))
        this.#inodes.set(String(to), target)
      },
      rmdir: async (path) =>
        this.#record({ kind: 'remove', path: String(path) }, () => NODE_FILES.rmdir(path)),
      copyFile: async () => {
        throw new Error('Not recorded')
      },
    } satisfies Omit<Files, 'mkdir'>,
    {
      mkdir: async (path: Parameters<Files['mkdir']>[0], options?: { mode?: number }) => {
        const operation = { kind: 'enter', path: String(path), target: 'directory' } as const
        await this.#record(operation, () => NODE_FILES.mkdir(path, { mode: options?.mode ?? 0o777 }))
        return undefined
      },
    },
  )

  /** Writes down that a request has been sent or answered. */
  note(at: 'asked' | 'acknowledged', key: string, state: string): void {
    this.moments.push({ at, key, state })
  }

  async #open(path: string, flags: string, mode: Parameters<Files['open']>[2]): Promise<FileHandle> {
    if (flags === 'r')
      return this.#observe(await NODE_FILES.open(path, flags, mode), this.#inodes.get(path) ?? path)
    const target = this.#nextInode
    this.#nextInode += 1
    const handle = await this.#record({ kind: 'enter', path, target }, () =>
      NODE_FILES.open(path, flags, mode),
    )
    this.#inodes.set(path, target)
    return this.#observe(handle, target)
  }

  /** A handle whose writes and syncs are written down; reads pass. */
  #observe(handle: FileHandle, target: Inode | string): FileHandle {
    const write = async (data: string | Buffer): Promise<void> => {
      if (typeof target === 'string') throw new Error(`${target} is a directory`)
      const operation = { kind: 'write', inode: target, bytes: Buffer.from(data) } as const
      await this.#record(operation, () => handle.appendFile(data))
    }
    const observed: Readonly<Record<string, unknown>> = {
      appendFile: write,
      writeFile: write,
      writev: async (pieces: readonly Buffer[]) => {
        const data = Buffer.concat(pieces)
        await write(data)
        return { bytesWritten: data.length, buffers: pieces }
      },
      sync: () => this.#record({ kind: 'sync', target }, () => handle.sync()),
    }
    return new Proxy(handle, {
      get(real, name) {
        if (typeof name === 'string' && WRITES.has(name)) {
          if (observed[name] === undefined) throw new Error(`${name} is not recorded`)
          return observed[name]
        }
        const value: unknown = Reflect.get(real, name, real)
        return typeof value === 'function' ? value.bind(real) : value
      },
    })
  }

  async #record<Result>(operation: Operation, act: () => Promise<Result>): Promise<Result> {
    const id = this.#nextId
    this.#nextId += 1
    this.moments.push({ at: 'begin', id, operation })
    const result = await act()
    this.moments.push({ at: 'end', id })
    return result
  }

  #inode(path: unknown): Inode {
    const inode = this.#inodes.get(String(path))
    if (inode === undefined)
      throw new Error(`${basename(String(path))} in ${dirname(String(path))} is not known`)
    return inode
  }
}

/** Everything on a handle that changes the file or its state on the disk. */
const WRITES: ReadonlySet<string> = new Set([
  'appendFile',
  'writeFile',
  'sync',
  'datasync',
  'write',
  'writev',
  'truncate',
  'createWriteStream',
])
