import { expect } from 'vitest'
import { type Case, type Subject } from '../subject.ts'

const RANGES: readonly [range: string, status: number, body: string, contentRange?: string][] = [
  ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
  ['bytes=0-', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=3-5', 206, '345', 'bytes 3-5/10'],
  ['bytes=3-', 206, '3456789', 'bytes 3-9/10'],
  ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
  ['bytes=-5', 206, '56789', 'bytes 5-9/10'],
  ['bytes=-50', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=5-2', 200, '0123456789'],
  ['bytes=0-1,3-4', 200, '0123456789'],
]

const UNSATISFIABLE: readonly [body: string, range: string][] = [
  ['0123456789', 'bytes=10-'],
  ['0123456789', 'bytes=-0'],
  ['', 'bytes=0-'],
  ['', 'bytes=-5'],
]

/** Parts of objects. */
export const RANGE_CASES: readonly Case[] = [
  ...RANGES.map(([range, status, body, contentRange]) => ({
    name: `range ${range} of ten bytes: ${status}`,
    async run(s: Subject) {
      await s.put('a', '0123456789')
      const got = await s.get('a', { range })
      expect([got.status, got.body.toString(), got.headers['content-range']]).toEqual([
        status,
        body,
        contentRange,
      ])
      expect(got.headers['content-length']).toBe(String(body.length))
    },
  })),
  ...UNSATISFIABLE.map(([body, range]) => ({
    name: `range ${range} of ${body === '' ? 'no' : 'ten'} bytes: 416`,
    async run(s: Subject) {
      await s.put('a', body)
      const got = await s.get('a', { range })
      expect([got.status, got.code]).toEqual([416, 'InvalidRange'])
    },
  })),
  {
    name: 'a range on HEAD is 206 with its length',
    async run(s) {
      await s.put('a', '0123456789')
      const { status, headers } = await s.head('a', { range: 'bytes=2-4' })
      expect([status, headers['content-length'], headers['content-range']]).toEqual([
        206,
        '3',
        'bytes 2-4/10',
      ])
    },
  },
  {
    name: 'a range in the middle of 3 MB',
    async run(s) {
      const content = Buffer.alloc(3_000_000, 'abcdefghijk')
      await s.put('a', content)
      const got = await s.get('a', { range: 'bytes=1000-2900000' })
      expect(got.body.equals(content.subarray(1000, 2_900_001))).toBe(true)
    },
  },
]
