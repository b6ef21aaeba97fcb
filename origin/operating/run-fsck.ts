import { existsSync } from 'node:fs'
import { lockDirectory } from '../store/directory-lock.ts'
import { layoutOf } from '../store/layout.ts'
import { checkStore } from './fsck.ts'

/** What `fsck` ends with: all is well, something is not, or it could not look. */
const EXIT = { sound: 0, faulty: 1, notChecked: 2 } as const

/**
 * Checks a directory that no server owns, prints a line of JSON for each finding and one at the end; the exit code. It
 * holds the directory's lock while it looks, so that no server starts meanwhile.
 */
export async function runFsck(directory: string): Promise<number> {
  const layout = layoutOf(directory)
  if (!existsSync(layout.meta)) {
    process.stderr.write(`origin: ${directory} is not the directory of an origin\n`)
    return EXIT.notChecked
  }
  try {
    const unlock = lockDirectory(directory)
    try {
      const summary = await checkStore(layout, print)
      print({ msg: 'checked', directory, ...summary })
      const { damaged, missing, orphaned } = summary
      return damaged + missing + orphaned === 0 ? EXIT.sound : EXIT.faulty
    } finally {
      unlock()
    }
  } catch (error) {
    process.stderr.write(`origin: ${error instanceof Error ? error.message : String(error)}\n`)
    return EXIT.notChecked
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
