import { describe, expect, it } from 'vitest'
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
