import { describe, expect, test } from 'vitest'
import {
  checksumStamp,
  findCorruption,
  findMismatch,
  isStamped,
  stampCopy,
  stampMetadata,
  stampUnread,
} from '../../src/storage/stamp.ts'

const bytes = Buffer.from('123456789')
const known = 'v=1;crc32=cbf43926'

describe('a stamp', () => {
  test.each([
    [undefined, known, 'v=1', 'v=1'],
    ['writer=test', `${known};writer=test`, 'v=1;writer=test', 'v=1;writer=test'],
    ['v=1', known, 'v=1', 'v=1'],
    ['v=1;writer=test', `${known};writer=test`, 'v=1;writer=test', 'v=1;writer=test'],
    ['v=1;crc32=00000001', known, 'v=1', 'v=1;crc32=00000001'],
    [
      'v=1;crc32=00000001;writer=test',
      `${known};writer=test`,
      'v=1;writer=test',
      'v=1;crc32=00000001;writer=test',
    ],
  ])('beside %s is of these bytes, of unread ones, or kept with a copy', (halftone, read, unread, copied) => {
    const metadata = halftone === undefined ? {} : { halftone }
    expect(stampMetadata(bytes, metadata)['halftone']).toBe(read)
    expect(stampUnread(metadata)['halftone']).toBe(unread)
    expect(stampCopy(metadata)['halftone']).toBe(copied)
  })

  test.each([
    [known, true],
    [`${known};writer=test`, true],
    ['v=1', true],
    ['v=1;writer=test', true],
    ['v=10', false],
    ['v=2;crc32=cbf43926', false],
    ['writer=test', false],
    ['', false],
  ])('%j: written by us: %s', (halftone, expected) => {
    expect(isStamped({ halftone })).toBe(expected)
  })

  test('of a checksum is eight digits', () => {
    expect(checksumStamp(0x1f)).toBe('v=1;crc32=0000001f')
    expect(checksumStamp(0xffffffff)).toBe('v=1;crc32=ffffffff')
  })

  test('finds other bytes, where it has a checksum', () => {
    expect(findCorruption(bytes, { halftone: known })).toBeUndefined()
    expect(findCorruption(Buffer.from('other'), { halftone: 'v=1' })).toBeUndefined()
    expect(findCorruption(Buffer.from('other'), {})).toBeUndefined()
    expect(findCorruption(Buffer.from('other'), { halftone: known })).toMatch(/cbf43926/)
    expect(findMismatch(0xcbf43926, { halftone: known })).toBeUndefined()
    expect(findMismatch(0xcbf43927, { halftone: known })).toMatch(/cbf43927.*cbf43926/)
  })
})
