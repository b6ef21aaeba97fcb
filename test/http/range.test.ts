import { expect, test } from 'vitest'
import { parseRange } from '../../src/http/conditional.ts'

test.each([
  // parts
  ['bytes=0-0', 100, { start: 0, end: 0 }],
  ['bytes=10-19', 100, { start: 10, end: 19 }],
  ['bytes=90-', 100, { start: 90, end: 99 }],
  ['bytes=90-1000', 100, { start: 90, end: 99 }],
  ['bytes=-5', 100, { start: 95, end: 99 }],
  ['bytes=-500', 100, { start: 0, end: 99 }],
  ['Bytes= 0-1', 100, { start: 0, end: 1 }],
  // behind the end
  ['bytes=100-', 100, 'unsatisfiable'],
  ['bytes=100-200', 100, 'unsatisfiable'],
  ['bytes=-0', 100, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-5', 0, 'unsatisfiable'],
  ['bytes=99999999999999999999-', 100, 'unsatisfiable'],
  // the whole instead: none, several, another unit, nonsense
  [undefined, 100, undefined],
  ['bytes=0-1,3-4', 100, undefined],
  ['lines=0-1', 100, undefined],
  ['bytes=-', 100, undefined],
  ['bytes=5-2', 100, undefined],
  ['bytes=a-b', 100, undefined],
])('%s of %i bytes', (header, length, expected) => {
  expect(parseRange(header, length)).toEqual(expected)
})
