import { expect, test } from 'vitest'
import { NODE_FILES } from '../../origin/store/files.ts'
import { get, put } from './multipart/upload-steps.ts'
import { startTestOrigin } from './start-test-origin.ts'

/** The real file operations; `reads` gets every path that is opened below `blobs/` to be read. */
function watching(reads: string[]): typeof NODE_FILES {
  return {
    ...NODE_FILES,
    open: async (path, flags, mode) => {
      if (flags === 'r' && String(path).includes('/blobs/')) reads.push(String(path))
      return NODE_FILES.open(path, flags, mode)
    },
  }
}

test('a small object that was read twice lately needs its file no more, and is never the one before', async () => {
  const reads: string[] = []
  const { url } = await startTestOrigin({ files: watching(reads) })
  await put(url, 'a', 'first')
  for (const time of [1, 2, 3, 4]) {
    expect((await get(url, 'a')).body.toString()).toBe('first')
    expect(reads).toHaveLength(Math.min(time, 2))
  }
  expect((await get(url, 'a', { range: 'bytes=1-2' })).body.toString()).toBe('ir')
  expect(reads).toHaveLength(2)
  await put(url, 'a', 'second')
  expect((await get(url, 'a')).body.toString()).toBe('second')
  expect(reads).toHaveLength(3)
})

test('a large object is read from its file each time', async () => {
  const reads: string[] = []
  const { url } = await startTestOrigin({ files: watching(reads) })
  const large = Buffer.alloc(1024 * 1024 + 1, 'x')
  await put(url, 'a', large)
  for (const time of [1, 2]) {
    expect((await get(url, 'a')).body.equals(large)).toBe(true)
    expect(reads).toHaveLength(time)
  }
})
