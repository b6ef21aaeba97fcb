import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairLru } from '../../src/sources/fair-lru.ts'

/** Values are their own sizes; a key's group is its first letter. */
const open = (maxSize: number, maxGroupSize: number) =>
  new FairLru<number>({ maxSize, maxGroupSize, sizeOf: (size) => size, groupOf: (key) => key.slice(0, 1) })

test('a group that has its share loses what it has not used for the longest time, and no other group does', () => {
  const memory = open(100, 30)
  memory.set('b1', 10)
  for (const key of ['a1', 'a2', 'a3']) memory.set(key, 10)
  memory.get('a1')
  for (const key of ['a4', 'a5']) memory.set(key, 10)
  expect([...memory.keys()].toSorted()).toEqual(['a1', 'a4', 'a5', 'b1'])
  expect(memory.totalSize).toBe(40)
})

test('one entry of a group is kept however large, and none that is larger than all there is', () => {
  const memory = open(100, 30)
  memory.set('a1', 20)
  memory.set('a2', 60)
  expect([...memory.keys()]).toEqual(['a2'])
  memory.set('a2', 101)
  expect([memory.size, memory.totalSize]).toEqual([0, 0])
})

const key = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(9)).map(([group, n]) => `${group}${n}`)
const step = fc.oneof(
  fc.record({ verb: fc.constant('set' as const), key, size: fc.integer({ min: 1, max: 120 }) }),
  fc.record({ verb: fc.constantFrom('get' as const, 'delete' as const), key, size: fc.constant(0) }),
)

test('whatever is done, the bounds hold and a newcomer is there', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = open(100, 40)
      for (const { verb, key, size } of steps) {
        if (verb === 'set') memory.set(key, size)
        else memory[verb](key)
        const isNew = verb === 'set' && size <= 100
        expect(isNew ? memory.get(key) : undefined).toBe(isNew ? size : undefined)
        const sizes = new Map([...memory.keys()].map((each) => [each, memory.get(each) ?? 0]))
        const total = [...sizes.values()].reduce((sum, each) => sum + each, 0)
        expect([memory.totalSize, memory.size]).toEqual([total, sizes.size])
        expect(total).toBeLessThanOrEqual(100)
        const tooLarge = ['a', 'b', 'c'].filter((group) => {
          const own = [...sizes].filter(([name]) => name.startsWith(group))
          return own.length > 1 && own.reduce((sum, [, each]) => sum + each, 0) > 40
        })
        expect(tooLarge).toEqual([])
      }
    }),
  )
})
