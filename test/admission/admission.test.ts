import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Admission, type Refusal } from '../../src/admission/admission.ts'
import { createDeferred } from '../../src/render/deferred.ts'

const PATIENT = { slots: 1, maxQueued: 2, maxWaitMs: 60_000 }
const IDLE = { held: 0, waiting: 0, running: 0 }

/** Work that goes on until it is let go. */
function held() {
  const { promise, resolve, reject } = createDeferred<string>()
  return { work: () => promise, finish: () => resolve('done'), fail: () => reject(new Error('broken')) }
}

/** Lets everything that can go on do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function throwAtOnce(): never {
  throw new Error('at once')
}

function enter(admission: Admission, work: () => Promise<string>, signal?: AbortSignal): Promise<string> {
  return admission.hold((place) => place.run(work), { signal })
}

describe('places', () => {
  it('are refused at once when slots and queue are taken', async () => {
    const admission = new Admission(PATIENT)
    const pieces = [held(), held(), held()]
    const running = pieces.map(({ work }) => enter(admission, work))
    await expect(enter(admission, () => Promise.resolve('late'))).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      message: expect.stringContaining('try again'),
    })
    expect(admission.stats).toEqual({ held: 3, waiting: 2, running: 1 })
    for (const { finish } of pieces) finish()
    await Promise.all(running)
    expect(admission.stats).toEqual(IDLE)
  })

  it('are held while work is prepared, without a slot', async () => {
    const admission = new Admission(PATIENT)
    const preparing = held()
    const first = admission.hold(async (place) => {
      await preparing.work()
      return place.run(() => Promise.resolve('first'))
    })
    await settle()
    expect(admission.stats).toEqual({ held: 1, waiting: 0, running: 0 })
    await expect(enter(admission, () => Promise.resolve('second'))).resolves.toBe('second')
    preparing.finish()
    await expect(first).resolves.toBe('first')
    expect(admission.stats).toEqual(IDLE)
  })

  it('are scarce when more than half of those beside the slots are taken', async () => {
    const admission = new Admission(PATIENT)
    const pieces = [held(), held(), held()]
    const seen = pieces.map(({ work }) => {
      const entered = enter(admission, work)
      return { entered, isCongested: admission.isCongested }
    })
    expect(seen.map(({ isCongested }) => isCongested)).toEqual([false, false, true])
    for (const { finish } of pieces) finish()
    await Promise.all(seen.map(({ entered }) => entered))
    expect(admission.isCongested).toBe(false)
  })

  it('are as many as can be done in time, by how long work has taken of late', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const admission = new Admission({ slots: 2, maxQueued: 100, maxWaitMs: 10_000 })
    await enter(admission, async () => {
      vi.advanceTimersByTime(2_000)
      return 'slow'
    })
    const pieces = Array.from({ length: 7 }, held)
    const running = pieces.map(({ work }) => enter(admission, work))
    await expect(enter(admission, () => Promise.resolve('late'))).rejects.toMatchObject({ status: 503 })
    for (const { finish } of pieces) finish()
    await Promise.all(running)
    // What is quick again brings them back, bit by bit.
    for (let times = 0; times < 100; times += 1) await enter(admission, () => Promise.resolve('quick'))
    const many = Array.from({ length: 102 }, held)
    const all = many.map(({ work }) => enter(admission, work))
    for (const { finish } of many) finish()
    await expect(Promise.all(all)).resolves.toHaveLength(102)
  })

  it('come back when the preparation or the work fails', async () => {
    const admission = new Admission(PATIENT)
    await expect(admission.hold(() => Promise.reject(new Error('no bytes')))).rejects.toThrow('no bytes')
    await expect(enter(admission, () => Promise.reject(new Error('no pixels')))).rejects.toThrow('no pixels')
    await expect(admission.hold(throwAtOnce)).rejects.toThrow('at once')
    expect(admission.stats).toEqual(IDLE)
  })
})

describe('slots', () => {
  it('go to the next in line, in order, and never beyond their number', async () => {
    const admission = new Admission({ slots: 2, maxQueued: 10, maxWaitMs: 60_000 })
    const order: number[] = []
    let running = 0
    let most = 0
    const work = async (id: number): Promise<string> => {
      order.push(id)
      running += 1
      most = Math.max(most, running)
      await settle()
      running -= 1
      return 'done'
    }
    await Promise.all(Array.from({ length: 9 }, (_, id) => enter(admission, () => work(id))))
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(most).toBe(2)
    expect(admission.stats).toEqual(IDLE)
  })

  it('are handed over directly: one who comes then does not slip in', async () => {
    const admission = new Admission(PATIENT)
    const [first, second] = [held(), held()]
    const order: string[] = []
    const one = enter(admission, first.work).then(() => order.push('one'))
    const two = enter(admission, () => second.work()).then(() => order.push('two'))
    first.finish()
    await one
    const three = enter(admission, () => Promise.resolve('')).then(() => order.push('three'))
    await settle()
    expect(admission.stats).toEqual({ held: 2, waiting: 1, running: 1 })
    second.finish()
    await Promise.all([two, three])
    expect(order).toEqual(['one', 'two', 'three'])
  })

  it('are not waited for longer than allowed', async () => {
    const admission = new Admission({ ...PATIENT, maxWaitMs: 10 })
    const piece = held()
    const running = enter(admission, piece.work)
    await expect(enter(admission, () => Promise.resolve('never'))).rejects.toMatchObject({
      code: 'overloaded',
    })
    expect(admission.stats).toEqual({ held: 1, waiting: 0, running: 1 })
    piece.finish()
    await running
    expect(admission.stats).toEqual(IDLE)
  })

  it('are not given to those who have left', async () => {
    const admission = new Admission(PATIENT)
    const piece = held()
    const running = enter(admission, piece.work)
    const leaver = new AbortController()
    let hasRun = false
    const left = enter(
      admission,
      () => {
        hasRun = true
        return Promise.resolve('')
      },
      leaver.signal,
    )
    leaver.abort(new Error('gone home'))
    await expect(left).rejects.toThrow('gone home')
    piece.fail()
    await expect(running).rejects.toThrow('broken')
    expect(hasRun).toBe(false)
    expect(admission.stats).toEqual(IDLE)
  })

  it('nor are places', async () => {
    const admission = new Admission(PATIENT)
    const gone = AbortSignal.abort(new Error('gone home'))
    await expect(enter(admission, () => Promise.resolve(''), gone)).rejects.toThrow('gone home')
    expect(admission.stats).toEqual(IDLE)
  })
})

describe('owners', () => {
  const of = (client: string, isBackground = false) => ({ asker: { owners: { client }, isBackground } })

  /** An admission whose pieces go on until they are let go; `asks` says why one was refused. */
  function crowd(slots: number, maxQueued: number) {
    const refusals: Refusal[] = []
    const onRefusal = (reason: Refusal): void => void refusals.push(reason)
    const admission = new Admission({ slots, maxQueued, maxWaitMs: 60_000, onRefusal })
    const pieces: ReturnType<typeof held>[] = []
    const all: Promise<unknown>[] = []
    const asks = async (client: string, isBackground?: boolean): Promise<Refusal | 'held'> => {
      const before = refusals.length
      const piece = held()
      pieces.push(piece)
      const work = admission.hold((place) => place.run(piece.work), of(client, isBackground))
      all.push(work.catch((error: unknown) => error))
      await settle()
      return refusals.slice(before)[0] ?? 'held'
    }
    const finish = async (): Promise<void> => {
      for (const { finish: end } of pieces) end()
      await Promise.all(all)
    }
    return { admission, asks, finish }
  }

  it('alone have four of five places, and there is one for somebody else at once', async () => {
    const { admission, asks, finish } = crowd(4, 64)
    const answers: string[] = []
    for (let nth = 0; nth < 68; nth += 1) answers.push(await asks('flood'))
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(55)
    expect(answers.slice(55).every((answer) => answer === 'share')).toBe(true)
    expect(await asks('other')).toBe('held')
    await finish()
    expect(admission.stats).toEqual(IDLE)
  })

  it('leave places for others of the broad kind that they belong to', async () => {
    const refusals: Refusal[] = []
    const admission = new Admission({
      slots: 4,
      maxQueued: 62,
      maxWaitMs: 60_000,
      broadKinds: ['dialect'],
      onRefusal: (reason) => void refusals.push(reason),
    })
    const piece = held()
    const all: Promise<unknown>[] = []
    const ask = (client: string, dialect: string): number => {
      const owners = { client, dialect }
      const work = admission.hold((place) => place.run(piece.work), {
        asker: { owners, isBackground: false },
      })
      all.push(work.catch((error: unknown) => error))
      return refusals.length
    }
    for (let nth = 0; nth < 66; nth += 1) ask('flood', 'native')
    const refused = refusals.length
    expect(refused).toBeGreaterThan(0)
    for (const client of ['a', 'b', 'c']) expect(ask(client, 'native')).toBe(refused)
    // However many come of one kind, there is a place for another.
    for (let nth = 0; nth < 66; nth += 1) ask(`${nth}`, 'native')
    const late = refusals.length
    expect(late).toBeGreaterThan(refused)
    expect(ask('d', 'other')).toBe(late)
    piece.finish()
    await Promise.all(all)
    expect(admission.stats).toEqual(IDLE)
  })

  it('of another kind find a place, too, when the line was planned for work that was quicker', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const options = { slots: 2, maxQueued: 98, maxWaitMs: 10_000, broadKinds: ['dialect'] }
    const admission = new Admission(options)
    const pieces: ReturnType<typeof held>[] = []
    const all: Promise<unknown>[] = []
    const isHeld = async (client: string, dialect: string): Promise<boolean> => {
      const before = admission.stats.held
      const piece = held()
      pieces.push(piece)
      const asker = { owners: { client, dialect }, isBackground: false }
      all.push(admission.hold((place) => place.run(piece.work), { asker }).catch((error: unknown) => error))
      await settle()
      return admission.stats.held > before
    }
    for (let nth = 0; nth < 40; nth += 1) expect(await isHeld(`${nth}`, 'native')).toBe(true)
    vi.advanceTimersByTime(2_000)
    pieces[0]?.finish()
    await settle()
    // At this pace five can wait: 39 are there.
    expect(await isHeld('one more', 'native')).toBe(false)
    expect(admission.isOpenTo({ dialect: 'other' })).toBe(true)
    expect(await isHeld('a', 'other')).toBe(true)
    expect(await isHeld('b', 'other')).toBe(true)
    expect(await isHeld('c', 'other')).toBe(true)
    expect(await isHeld('d', 'other')).toBe(false)
    for (const { finish } of pieces) finish()
    await Promise.all(all)
    expect(admission.stats).toEqual(IDLE)
  })

  it('however many flood, whoever comes first finds a place while there are any', async () => {
    const crowds = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 60, maxLength: 160 })
    await fc.assert(
      fc.asyncProperty(crowds, async (clients) => {
        const { admission, asks, finish } = crowd(4, 64)
        for (const client of clients) await asks(client)
        // Five owners at their shares leave one place in twenty free.
        expect(admission.stats.held).toBeLessThan(68)
        expect(await asks('newcomer')).toBe('held')
        await finish()
        expect(admission.stats).toEqual(IDLE)
      }),
      { numRuns: 30 },
    )
  })

  it('are refused background work first: as soon as slots are taken', async () => {
    const { asks, finish } = crowd(2, 8)
    expect(await asks('warm', true)).toBe('held')
    expect(await asks('visitor')).toBe('held')
    expect(await asks('warm', true)).toBe('background')
    expect(await asks('visitor')).toBe('held')
    await finish()
  })

  it('get the place of background work that does not run yet', async () => {
    const refusals: Refusal[] = []
    const onRefusal = (reason: Refusal): void => void refusals.push(reason)
    const admission = new Admission({ slots: 1, maxQueued: 0, maxWaitMs: 60_000, onRefusal })
    const warm = admission.hold(
      async (place) =>
        new Promise((_, reject) =>
          place.signal?.addEventListener('abort', () => reject(place.signal?.reason), { once: true }),
        ),
      of('warm', true),
    )
    const visitor = admission.hold((place) => place.run(async () => Promise.resolve('made')), of('visitor'))
    await expect(warm).rejects.toMatchObject({ code: 'overloaded' })
    await expect(visitor).resolves.toBe('made')
    expect(refusals).toEqual(['background'])
    expect(admission.stats).toEqual(IDLE)
  })

  it('do not take it from what runs, nor from what somebody waits for by now', async () => {
    const { asks, finish } = crowd(1, 0)
    expect(await asks('warm', true)).toBe('held')
    expect(await asks('visitor')).toBe('full')
    await finish()
    const admission = new Admission({ slots: 1, maxQueued: 0, maxWaitMs: 60_000 })
    const joined = { owners: {}, isBackground: true }
    const preparing = held()
    const first = admission.hold(preparing.work, { asker: joined })
    joined.isBackground = false
    await expect(admission.hold(preparing.work, of('visitor'))).rejects.toMatchObject({ code: 'overloaded' })
    preparing.finish()
    await expect(first).resolves.toBe('done')
  })
})
