import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Asker } from '../../src/admission/asker.ts'
import { FairBudget } from '../../src/admission/fair-budget.ts'
import { createDeferred, type Deferred } from '../../src/render/deferred.ts'

const IDLE = { used: 0, waiting: 0 }

/** A budget of 100 bytes and a way to take of it until told to give back. */
function budget() {
  const budget = new FairBudget({ capacity: 100 })
  const begun: string[] = []
  const take = (
    name: string,
    bytes: number,
    signal?: AbortSignal,
  ): Deferred<void> & { used: Promise<void> } => {
    const work = createDeferred<void>()
    const used = budget.use(
      bytes,
      () => {
        begun.push(name)
        return work.promise
      },
      { signal },
    )
    return { ...work, used }
  }
  return { budget, begun, take }
}

describe('FairBudget', () => {
  it('lets in what fits and makes the rest wait', async () => {
    const { budget: bytes, begun, take } = budget()
    const [one, two, three] = [take('one', 60), take('two', 40), take('three', 1)]
    expect(bytes.stats).toEqual({ used: 100, waiting: 1 })
    one.resolve()
    await one.used
    two.resolve()
    three.resolve()
    await Promise.all([two.used, three.used])
    expect(begun).toEqual(['one', 'two', 'three'])
    expect(bytes.stats).toEqual(IDLE)
  })

  it('does not let small ones overtake a large one', async () => {
    const { budget: bytes, begun, take } = budget()
    const [one, large, small] = [take('one', 50), take('large', 80), take('small', 10)]
    one.resolve()
    await one.used
    small.resolve()
    large.resolve()
    await Promise.all([large.used, small.used])
    expect(begun).toEqual(['one', 'large', 'small'])
    expect(bytes.stats).toEqual(IDLE)
  })

  it('lets through alone what is larger than all of it', async () => {
    const { budget: bytes, begun, take } = budget()
    const giant = take('giant', 1_000_000)
    const small = take('small', 1)
    await Promise.resolve()
    expect(begun).toEqual(['giant'])
    giant.resolve()
    small.resolve()
    await Promise.all([giant.used, small.used])
    expect(bytes.stats).toEqual(IDLE)
  })

  it('gives back what failing work took', async () => {
    const { budget: bytes, take } = budget()
    const failing = take('failing', 70)
    failing.reject(new Error('no bytes'))
    await expect(failing.used).rejects.toThrow('no bytes')
    expect(bytes.stats).toEqual(IDLE)
  })

  it('lets in those behind one who leaves', async () => {
    const { budget: bytes, begun, take } = budget()
    const leaver = new AbortController()
    const one = take('one', 50)
    const large = take('large', 80, leaver.signal)
    const small = take('small', 10)
    leaver.abort(new Error('gone home'))
    await expect(large.used).rejects.toThrow('gone home')
    small.resolve()
    await small.used
    expect(begun).toEqual(['one', 'small'])
    one.resolve()
    await one.used
    expect(bytes.stats).toEqual(IDLE)
  })

  it('takes nothing for one who has left', async () => {
    const { budget: bytes, begun, take } = budget()
    await expect(take('gone', 1, AbortSignal.abort(new Error('gone home'))).used).rejects.toThrow('gone home')
    expect(begun).toEqual([])
    expect(bytes.stats).toEqual(IDLE)
  })
})

/** Lets everything that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Pieces of work that go on until they are let go, by the names that they are given. */
function pieces(capacity: number) {
  const budget = new FairBudget({ capacity, maxWaitMs: 60_000 })
  const running = new Map<string, () => void>()
  const all: Promise<void>[] = []
  const begun: string[] = []
  async function ask(name: string, asker: Partial<Asker>, amount = 1, cost = amount): Promise<void> {
    const work = (): Promise<void> => {
      begun.push(name)
      return new Promise((resolve) => running.set(name, resolve))
    }
    // Asked each time: whether somebody waits may change.
    const whole: Asker = {
      owners: asker.owners ?? {},
      get isBackground() {
        return asker.isBackground ?? false
      },
    }
    all.push(budget.use(amount, work, { asker: whole, cost }))
    await settle()
  }
  async function finish(name: string): Promise<void> {
    running.get(name)?.()
    running.delete(name)
    await settle()
  }
  async function finishAll(): Promise<void> {
    for (let left = [...running.keys()]; left.length > 0; left = [...running.keys()])
      for (const name of left) await finish(name)
    await Promise.all(all)
  }
  return { budget, begun, running, ask, finish, finishAll }
}

describe('turns', () => {
  it.each(['source', 'client', 'dialect'])('one %s does not get the last of it', async (kind) => {
    const { budget, begun, ask, finishAll } = pieces(4)
    for (let nth = 0; nth < 9; nth += 1) await ask(`flood ${nth}`, { owners: { [kind]: 'flood' } })
    expect(budget.stats).toEqual({ used: 3, waiting: 6 })
    await ask('other', { owners: { [kind]: 'other' } })
    await settle()
    expect(begun).toEqual(['flood 0', 'flood 1', 'flood 2', 'other'])
    await finishAll()
    expect(budget.stats).toEqual({ used: 0, waiting: 0 })
  })

  it('whoever has had least is next, whoever stood there before', async () => {
    const { begun, ask, finish, finishAll } = pieces(1)
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'])
      await ask(name, { owners: { client: name.slice(0, 1) } })
    for (const _ of [1, 2, 3, 4, 5]) await finish(begun.at(-1) ?? '')
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
    await finishAll()
  })

  it('a dear piece counts for many cheap ones', async () => {
    const { begun, ask, finish, finishAll } = pieces(1)
    await ask('dear', { owners: { client: 'a' } }, 1, 3)
    await ask('again', { owners: { client: 'a' } }, 1, 3)
    for (const name of ['b1', 'b2', 'b3', 'b4', 'b5']) await ask(name, { owners: { client: 'b' } })
    for (const _ of [1, 2, 3, 4, 5, 6]) await finish(begun.at(-1) ?? '')
    expect(begun.indexOf('again')).toBeGreaterThan(begun.indexOf('b3'))
    expect(begun.indexOf('again')).toBeLessThan(begun.indexOf('b5'))
    await finishAll()
  })

  it('two giants never run side by side, nor does one beside what leaves it no room', async () => {
    const { budget, begun, ask, finish, finishAll } = pieces(100)
    await ask('giant', { owners: { client: 'a' } }, 5_000)
    await ask('second', { owners: { client: 'b' } }, 5_000)
    await ask('small', { owners: { client: 'c' } })
    expect(budget.stats).toEqual({ used: 100, waiting: 2 })
    await finish('giant')
    expect(begun).toEqual(['giant', 'second'])
    await finishAll()
  })

  it('a large piece gets its turn while small ones of the same dialect keep coming', async () => {
    const { begun, running, ask, finish, finishAll } = pieces(100)
    for (const nth of [1, 2])
      await ask(`small ${nth}`, { owners: { client: `${nth}`, dialect: 'native' } }, 40)
    await ask('large', { owners: { client: 'large', dialect: 'native' } }, 60)
    for (let nth = 3; nth < 20; nth += 1) {
      await ask(`small ${nth}`, { owners: { client: `${nth}`, dialect: 'native' } }, 40)
      const [oldest = ''] = running.keys()
      await finish(oldest)
    }
    expect(begun.slice(0, 3)).toEqual(['small 1', 'small 2', 'large'])
    await finishAll()
  })

  it('others do not wait for what only its own owners are in the way of', async () => {
    const { begun, ask, finishAll } = pieces(100)
    await ask('first', { owners: { dialect: 'native' } }, 60)
    await ask('second', { owners: { dialect: 'native' } }, 40)
    await ask('third', { owners: { dialect: 'native' } }, 10)
    await ask('other', { owners: { dialect: 'other' } }, 10)
    expect(begun).toEqual(['first', 'other'])
    await finishAll()
  })

  it('nobody who waits goes before those for whom nobody does', async () => {
    const { budget, begun, ask, finish, finishAll } = pieces(2)
    for (const name of ['warm 1', 'warm 2', 'warm 3']) await ask(name, { isBackground: true })
    // Half of it at most.
    expect(begun).toEqual(['warm 1'])
    await ask('visitor 1', {})
    await ask('visitor 2', {})
    await finish('warm 1')
    expect(begun).toEqual(['warm 1', 'visitor 1', 'visitor 2'])
    await finish('visitor 1')
    expect(begun.at(-1)).toBe('warm 2')
    await finishAll()
    expect(budget.stats).toEqual({ used: 0, waiting: 0 })
  })

  it('whoever is waited for after all goes with the others', async () => {
    const { begun, ask, finish, finishAll } = pieces(1)
    const asker = { isBackground: true }
    await ask('first', {})
    await ask('joined', {
      get isBackground() {
        return asker.isBackground
      },
    })
    await ask('visitor', {})
    asker.isBackground = false
    await finish('first')
    expect(begun).toEqual(['first', 'joined'])
    await finishAll()
  })

  it('come to everybody in any mixture, within bounds and in their order', async () => {
    const piece = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      dialect: fc.constantFrom('native', 'other'),
      amount: fc.integer({ min: 1, max: 12 }),
      isBackground: fc.boolean(),
      finishes: fc.nat(3),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 25 }),
        fc.integer({ min: 1, max: 10 }),
        async (all, capacity) => {
          const { budget, begun, running, ask, finish, finishAll } = pieces(capacity)
          for (const [nth, { client, dialect, amount, isBackground, finishes }] of all.entries()) {
            await ask(`${nth}`, { owners: { client, dialect }, isBackground }, amount)
            expect(budget.stats.used).toBeLessThanOrEqual(capacity)
            // Nothing stands still while somebody waits.
            expect(running.size > 0 || budget.stats.waiting === 0).toBe(true)
            for (const name of [...running.keys()].slice(0, finishes)) await finish(name)
          }
          await finishAll()
          expect(begun).toHaveLength(all.length)
          expect(budget.stats).toEqual({ used: 0, waiting: 0 })
          // Of what is equal in everything who came first was first.
          const kinds = all.map(({ client, dialect, amount, isBackground }) =>
            [client, dialect, amount, isBackground].join(),
          )
          for (const kind of new Set(kinds)) {
            const order = begun.map(Number).filter((nth) => kinds[nth] === kind)
            expect(order).toEqual(order.toSorted((one, other) => one - other))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
