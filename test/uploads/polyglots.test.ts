import { expect, test } from 'vitest'
import { findStowaway } from '../../src/uploads/polyglots.ts'

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0])
const MB = 1024 * 1024

test.each([
  ['%PDF-1.7', 'a PDF'],
  ['<ScRipT>', 'a web page or a script'],
  ['<!DOCTYPE html', 'a web page or a script'],
])('%s is found wherever it stands', (mark, what) => {
  for (const at of [JPEG.length, 70_001, MB - 1, MB - mark.length + 1, MB, 2 * MB - 5]) {
    const bytes = Buffer.alloc(2 * MB + 100, 0x20)
    JPEG.copy(bytes)
    bytes.write(mark, at, 'latin1')
    expect(findStowaway(bytes), `at ${at}`).toBe(what)
  }
})

test('a file that pretends everywhere that a mark begins takes no longer than another', () => {
  const plain = Buffer.concat([JPEG, Buffer.alloc(2 * MB, '.')])
  const hostile = ['<', '<scrip', '%PDF', '%', 'PK\x05\x06'].map((fill) =>
    Buffer.concat([JPEG, Buffer.alloc(2 * MB, fill, 'latin1')]),
  )
  const took = (bytes: Buffer): number => {
    const startedAt = performance.now()
    expect(findStowaway(bytes)).toBeUndefined()
    return performance.now() - startedAt
  }
  const fastest = (bytes: Buffer) => Math.min(...Array.from({ length: 4 }, () => took(bytes)))
  const baseline = fastest(plain)
  // In one pass some 3 times as long at most; looked at one by one, 100 times and more.
  for (const bytes of hostile) expect(fastest(bytes) / baseline).toBeLessThan(20)
})
