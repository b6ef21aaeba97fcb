import type { FileHandle } from 'node:fs/promises'
import { type Files, NODE_FILES } from '../../origin/store/files.ts'

/** The real file operations, but one of them fails where `isDue` says. */
export function failing(
  operation: 'open' | 'rename' | 'link' | 'unlink',
  isDue: (path: string) => boolean,
  code: string,
): Files {
  const check = (name: string, path: unknown): void => {
    if (name === operation && isDue(String(path)))
      throw Object.assign(new Error(`${code}: planted`), { code })
  }
  return {
    ...NODE_FILES,
    open: async (path, flags, mode) => (check('open', path), NODE_FILES.open(path, flags, mode)),
    rename: async (from, to) => (check('rename', from), NODE_FILES.rename(from, to)),
    link: async (from, to) => (check('link', from), NODE_FILES.link(from, to)),
    unlink: async (path) => (check('unlink', path), NODE_FILES.unlink(path)),
  }
}

/** The real file operations, but a write of several pieces stops early, in the middle of one: POSIX allows it. */
export function writingShort(bytes: number): Files {
  return {
    ...NODE_FILES,
    open: async (path, flags, mode) => {
      const handle = await NODE_FILES.open(path, flags, mode)
      const writev: FileHandle['writev'] = async (pieces) => {
        const all = Buffer.concat(pieces.map(asBuffer))
        const { bytesWritten } = await handle.write(all, 0, Math.min(bytes, all.length))
        return { bytesWritten, buffers: [...pieces] }
      }
      return new Proxy(handle, {
        get(real, name) {
          if (name === 'writev') return writev
          const value: unknown = Reflect.get(real, name, real)
          return typeof value === 'function' ? value.bind(real) : value
        },
      })
    },
  }
}

function asBuffer(view: NodeJS.ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
