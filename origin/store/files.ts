import type { FileHandle } from 'node:fs/promises'
import * as fs from 'node:fs/promises'

/** Every file operation by which the store writes: the seam at which a test can record them or let them fail. */
export type Files = Pick<typeof fs, 'open' | 'rename' | 'unlink' | 'link' | 'copyFile' | 'mkdir' | 'rmdir'>

/** The real ones. */
export const NODE_FILES: Files = fs

/** Writes a file that is not there yet and has it on the disk before it returns (its name in the directory is not yet). */
export async function writeDurably(files: Files, path: string, text: string): Promise<void> {
  await useFile(files, path, 'wx', async (file) => {
    await file.writeFile(text)
    await file.sync()
  })
}

/** Opens a file, closes it whatever happens. */
export async function useFile<Result>(
  files: Files,
  path: string,
  flags: 'r' | 'wx',
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await files.open(path, flags, 0o600)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Removes a file; one that is not there counts as removed. */
export async function removeFile(files: Files, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/** Whether an error is the system error of that code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
