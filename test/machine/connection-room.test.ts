import { expect, test } from 'vitest'
import { connectionRoom } from '../../src/machine/connection-room.ts'

const limits = (files: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}                files\n`

test.each([
  ['few: half of them', '200                  200', 2, 100],
  ['the usual 1024: what the gateway needs is left', '1024                 4096', 2, 784],
  ['a worker for each of many CPUs', '1024                 1024', 32, 544],
  ['a million', '1048576              1048576', 4, 1_048_320],
  ['any number', 'unlimited            unlimited', 4, Infinity],
])('descriptors: %s', (_, files, workers, room) => {
  expect(connectionRoom(workers, () => limits(files))).toBe(room)
})

test('where nobody tells, there is no bound', () => {
  expect(connectionRoom(4, () => undefined)).toBe(Infinity)
})
