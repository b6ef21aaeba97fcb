import { describe, expect, test, vi } from 'vitest'
import { type FlightControl, SingleFlight } from '../../src/sources/single-flight.ts'

const flights = (timeoutMs = 10_000) => new SingleFlight<string>(timeoutMs, () => new Error('too late'))

/** Work that ends when it is told to. */
function held() {
  const ends: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
  const given: FlightControl[] = []
  const outcome = new Promise<string>((resolve, reject) => ends.push({ resolve, reject }))
  const work = vi.fn((control: FlightControl) => {
    given.push(control)
    return outcome
  })
  return {
    work,
    land: (value: string) => ends[0]?.resolve(value),
    fail: (error: Error) => ends[0]?.reject(error),
    control: () => given[0],
  }
}

describe('SingleFlight', () => {
  test('whoever asks while the work is under way shares its result', async () => {
    const flight = flights()
    const { work, land } = held()
    const joined = Array.from({ length: 100 }, () => flight.join('key', work))
    land('done')
    expect(await Promise.all(joined.map(({ result }) => result))).toEqual(Array(100).fill('done'))
    expect(joined.map(({ collapsed }) => collapsed)).toEqual([false, ...Array(99).fill(true)])
    expect(work).toHaveBeenCalledTimes(1)
  })

  test('other keys fly on their own, and a landed key flies again', async () => {
    const flight = flights()
    expect(await flight.join('a', async () => 'first').result).toBe('first')
    expect(await flight.join('b', async () => 'other').result).toBe('other')
    expect(await flight.join('a', async () => 'second').result).toBe('second')
    expect(flight.size).toBe(0)
  })

  test('a failure reaches everybody, and is not kept', async () => {
    const flight = flights()
    const { work, fail } = held()
    const joined = [flight.join('key', work), flight.join('key', work)]
    fail(new Error('broken'))
    for (const { result } of joined) await expect(result).rejects.toThrow('broken')
    expect(await flight.join('key', async () => 'fine').result).toBe('fine')
  })

  test('a caller that leaves stops waiting; the flight goes on for the others', async () => {
    const flight = flights()
    const { work, land, control } = held()
    const leaving = new AbortController()
    const first = flight.join('key', work, leaving.signal)
    const second = flight.join('key', work)
    leaving.abort(new Error('gone'))
    await expect(first.result).rejects.toThrow('gone')
    expect(control()?.signal.aborted).toBe(false)
    land('done')
    expect(await second.result).toBe('done')
  })

  test('a flight that has lost its last waiter before it is committed is dropped', async () => {
    const flight = flights()
    const { work, control } = held()
    const leaving = new AbortController()
    const only = flight.join('key', work, leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(only.result).rejects.toThrow('gone')
    expect(control()?.signal.aborted).toBe(true)
    expect(flight.size).toBe(0)
  })

  test('a committed flight is finished although nobody waits', async () => {
    const flight = flights()
    const { work, land, control } = held()
    const leaving = new AbortController()
    const only = flight.join('key', work, leaving.signal)
    control()?.commit()
    leaving.abort(new Error('gone'))
    await expect(only.result).rejects.toThrow('gone')
    expect(control()?.signal.aborted).toBe(false)
    const late = flight.join('key', work)
    land('done')
    expect(late.collapsed).toBe(true)
    expect(await late.result).toBe('done')
  })

  test('a caller whose signal has ended already does not wait at all', async () => {
    const { work } = held()
    await expect(flights().join('key', work, AbortSignal.abort(new Error('gone'))).result).rejects.toThrow(
      'gone',
    )
  })

  test('a flight ends at its own deadline', async () => {
    vi.useFakeTimers()
    try {
      const flight = flights(500)
      const { work, control } = held()
      const late = flight.join('key', work).result.catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(500)
      expect(await late).toMatchObject({ message: 'too late' })
      expect(control()?.signal.aborted).toBe(true)
      expect(flight.size).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('a forgotten flight serves those who wait, and nobody after them', async () => {
    const flight = flights()
    const old = held()
    const before = flight.join('img/a', old.work)
    flight.forget((key) => key.startsWith('img/'))
    expect(old.control()?.current).toBe(false)
    const after = flight.join('img/a', async () => 'new')
    expect(after.collapsed).toBe(false)
    old.land('old')
    expect([await before.result, await after.result]).toEqual(['old', 'new'])
  })

  test('a flight is in the background until somebody joins who waits', async () => {
    const flight = flights()
    const { work, land, control } = held()
    const first = flight.join('key', work, undefined, true)
    const second = flight.join('key', work, undefined, true)
    expect(control()?.isBackground).toBe(true)
    const visitor = flight.join('key', work)
    flight.join('key', work, undefined, true).result.catch(() => {})
    expect(control()?.isBackground).toBe(false)
    land('done')
    expect(await Promise.all([first.result, second.result, visitor.result])).toEqual(['done', 'done', 'done'])
  })
})
