import { array, assert, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrequentKeys } from '../../src/traffic/frequent-keys.ts'
import { LineSplitter } from '../../src/traffic/line-splitter.ts'

describe('the most frequent keys', () => {
  it('are counted exactly as long as there are few', () => {
    const keys = new FrequentKeys(3)
    for (const key of 'abacabadc') keys.add(key)
    expect(keys.top(3)).toEqual([
      { key: 'a', count: 4 },
      { key: 'b', count: 2 },
      { key: 'c', count: 2 },
    ])
    expect(keys.error).toBe(0)
  })

  it('are found among any number of others, and too low by the stated error at most', () => {
    const stream = array(nat({ max: 60 }), { minLength: 200, maxLength: 600 })
    assert(
      property(stream, (numbers) => {
        const kept = 8
        const keys = new FrequentKeys(kept)
        const exact = new Map<string, number>()
        for (const number of numbers) {
          const key = `k${Math.floor(number ** 2 / 60)}`
          keys.add(key)
          exact.set(key, (exact.get(key) ?? 0) + 1)
        }
        const found = new Map(keys.top(2 * kept).map(({ key, count }) => [key, count]))
        expect(found.size).toBeLessThan(2 * kept)
        expect(keys.error).toBeLessThanOrEqual(numbers.length / kept)
        for (const [key, count] of exact) {
          const told = found.get(key) ?? 0
          expect(told).toBeLessThanOrEqual(count)
          expect(told).toBeGreaterThanOrEqual(count - keys.error)
        }
      }),
    )
  })

  it('are cut at a length that no path of ours has', () => {
    const keys = new FrequentKeys()
    keys.add('x'.repeat(100_000))
    expect(keys.top(1)[0]?.key).toHaveLength(2_049)
  })
})

describe('lines', () => {
  const split = (chunks: readonly Buffer[], maxBytes?: number) => {
    const splitter = new LineSplitter(maxBytes)
    const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)])
    return { lines: [...lines, ...splitter.end()], dropped: splitter.dropped }
  }

  it('are the same wherever chunks end', () => {
    const text = 'one\r\nzwö\n\nthree €\nlast'
    const bytes = Buffer.from(text)
    const cuts = array(nat({ max: bytes.length }), { maxLength: 6 })
    assert(
      property(cuts, (at) => {
        const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length]
        const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
        expect(split(chunks)).toEqual({ lines: ['one', 'zwö', '', 'three €', 'last'], dropped: 0 })
      }),
    )
  })

  it('that are too long are left out and counted, whatever they come in', () => {
    const long = Buffer.from('12345678901')
    const chunks = [Buffer.from('a\n'), long, long, Buffer.from('\nb\n'), long, Buffer.from('\n')]
    expect(split(chunks, 10)).toEqual({ lines: ['a', 'b'], dropped: 2 })
    expect(split([Buffer.from('12345678901')], 10)).toEqual({ lines: [], dropped: 1 })
    expect(split([Buffer.from('1234567890')], 10)).toEqual({ lines: ['1234567890'], dropped: 0 })
  })
})
