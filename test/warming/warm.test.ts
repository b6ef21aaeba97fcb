import { describe, expect, it } from 'vitest'
import { createDeferred } from '../../src/render/deferred.ts'
import type { Ask, Asked } from '../../src/warming/ask.ts'
import { warm, type WarmOptions, type WarmReport } from '../../src/warming/warm.ts'
import type { WarmTask } from '../../src/warming/warm-tasks.ts'

const RENDERED = { outcome: 'warm', by: 'render', bytes: 10 } as const
const LATER = { outcome: 'later', afterMs: undefined, reason: 'answered 503' } as const

async function* tasksOf(...lists: readonly (readonly string[])[]): AsyncGenerator<WarmTask> {
  for (const targets of lists) yield { name: targets[0] ?? '', targets }
}

async function run(ask: Ask, tasks: AsyncIterable<WarmTask>, options: Partial<WarmOptions> = {}) {
  const done: string[] = []
  const failures: string[] = []
  const pauses: number[] = []
  const report = await warm(tasks, {
    ask,
    lanes: 1,
    onDone: ({ name }) => void done.push(name),
    onFailure: (target, reason) => void failures.push(`${target} ${reason}`),
    pause: async (ms) => void pauses.push(ms),
    ...options,
  })
  return { report, done, failures, pauses }
}

describe('requirements: CDN – warming', () => {
  it('asks for every picture of every task, and counts where they came from', async () => {
    const answers: Record<string, Asked> = {
      a: RENDERED,
      b: { outcome: 'warm', by: 'edge', bytes: 5 },
      c: { outcome: 'absent', reason: 'answered 404' },
      d: { outcome: 'failed', reason: 'answered 415' },
    }
    const shown: WarmReport[] = []
    const { report, done, failures } = await run(
      async (target) => answers[target] ?? RENDERED,
      tasksOf(['a', 'b'], ['c'], ['d', 'e']),
      { onPicture: (so) => void shown.push(so) },
    )
    expect(report).toEqual({
      warm: 3,
      by: { edge: 1, memory: 0, bucket: 0, render: 2, collapsed: 0, unknown: 0 },
      bytes: 25,
      absent: 1,
      failed: 1,
      waits: 0,
    })
    // What failed is asked for again by the next warming; what is not there is not.
    expect(done).toEqual(['a', 'c'])
    expect(failures).toEqual(['d answered 415'])
    expect(shown.map(({ warm: count }) => count)).toEqual([1, 2, 2, 2, 3])
  })

  it('asks for no more at once than it may, and for that many', async () => {
    let asking = 0
    const counts: number[] = []
    const gates = Array.from({ length: 9 }, () => createDeferred<Asked>())
    const names = gates.map((_, index) => [String(index)])
    const warming = run(
      async (target) => {
        counts.push((asking += 1))
        const asked = await (gates[Number(target)]?.promise ?? RENDERED)
        asking -= 1
        return asked
      },
      tasksOf(...names),
      { lanes: 3 },
    )
    for (const gate of gates) {
      await new Promise(setImmediate)
      gate.resolve(RENDERED)
    }
    expect((await warming).report.warm).toBe(9)
    expect(Math.max(...counts)).toBe(3)
  })

  it('waits as long as the server says, all lanes of it, and goes on where it was', async () => {
    const rest = createDeferred<void>()
    const asked: string[] = []
    const pauses: number[] = []
    const warming = run(
      async (target) => {
        asked.push(target)
        return asked.length === 1 ? { ...LATER, afterMs: 5000 } : RENDERED
      },
      tasksOf(['a'], ['b'], ['c']),
      {
        lanes: 1,
        pause: async (ms) => {
          pauses.push(ms)
          await rest.promise
        },
      },
    )
    await new Promise(setImmediate)
    expect(asked).toEqual(['a'])
    rest.resolve()
    const { report } = await warming
    expect(asked).toEqual(['a', 'a', 'b', 'c'])
    expect(pauses).toHaveLength(1)
    expect(pauses[0]).toBeGreaterThanOrEqual(5000)
    expect(pauses[0]).toBeLessThanOrEqual(6250)
    expect(report).toMatchObject({ warm: 3, waits: 1, failed: 0 })
  })

  it('lets all lanes wait when one is put off', async () => {
    const rest = createDeferred<void>()
    const asked: string[] = []
    const warming = run(
      async (target) => {
        asked.push(target)
        return target === 'a' && asked.length === 1 ? LATER : RENDERED
      },
      tasksOf(['a'], ['b'], ['c'], ['d'], ['e'], ['f']),
      { lanes: 2, pause: () => rest.promise },
    )
    await new Promise(setImmediate)
    const before = asked.length
    // The lane that was on its way had one picture in hand, or two.
    expect(before).toBeLessThanOrEqual(3)
    rest.resolve()
    expect((await warming).report.warm).toBe(6)
  })

  it('is patient for longer each time, up to a minute, and gives up after the eighth', async () => {
    const { report, done, pauses } = await run(async () => LATER, tasksOf(['a'], ['b']))
    expect(report).toMatchObject({ warm: 0, failed: 0, waits: 7, gaveUp: 'a: answered 503' })
    expect(done).toEqual([])
    expect(pauses).toHaveLength(7)
    for (const [index, ms] of pauses.entries()) {
      expect(ms).toBeGreaterThanOrEqual(500 * 2 ** index)
      expect(ms).toBeLessThanOrEqual(625 * 2 ** index)
    }
    const told = await run(async () => ({ ...LATER, afterMs: 86_400_000 }), tasksOf(['a']))
    expect(Math.max(...told.pauses)).toBeLessThanOrEqual(75_000)
  })

  it('fails when what it is to ask for cannot be told', async () => {
    async function* broken(): AsyncGenerator<WarmTask> {
      yield { name: 'a', targets: ['a'] }
      throw new Error('the bucket has gone')
    }
    await expect(run(async () => RENDERED, broken(), { lanes: 2 })).rejects.toThrow('the bucket has gone')
  })
})
