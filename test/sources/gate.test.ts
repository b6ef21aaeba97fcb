import { describe, expect, test, vi } from 'vitest'
import { Gate, type Passing } from '../../src/sources/gate.ts'

/** A gate of so many slots and places, and work that ends when it is told to. */
function stand(slots = 2, maxQueued = 2) {
  const pressure = { isPressed: false, isBusy: false }
  const gate = new Gate({
    slots,
    maxQueued,
    isPressed: () => pressure.isPressed,
    isBusy: () => pressure.isBusy,
  })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const pass = async (name: string, passing: Passing = {}) => {
    const ended = new Promise<void>((resolve) => ends.set(name, resolve))
    return gate.pass(async () => {
      begun.push(name)
      await ended
      return name
    }, passing)
  }
  return { gate, pressure, begun, pass, end: (name: string) => ends.get(name)?.() }
}

const overloaded = { code: 'overloaded', status: 503 }

describe('Gate', () => {
  test('so many work, so many wait for their turn, and whoever comes then is refused', async () => {
    const { gate, begun, pass, end } = stand()
    const passed = ['a', 'b', 'c', 'd'].map((name) => pass(name))
    await expect(pass('e')).rejects.toMatchObject(overloaded)
    expect(begun).toEqual(['a', 'b'])
    expect(gate.stats).toEqual({ running: 2, waiting: 2 })
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      end(name)
      expect(await passed[index]).toBe(name)
    }
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
    expect(gate.stats).toEqual({ running: 0, waiting: 0 })
  })

  test('whoever stops waiting leaves the line', async () => {
    const { gate, begun, pass, end } = stand()
    const [first, second] = [pass('a'), pass('b')]
    const client = new AbortController()
    const third = pass('c', client)
    const fourth = pass('d')
    client.abort(new Error('gone'))
    await expect(third).rejects.toThrow('gone')
    await expect(pass('e', client)).rejects.toThrow('gone')
    for (const name of ['a', 'b']) end(name)
    await Promise.all([first, second])
    end('d')
    expect(await fourth).toBe('d')
    expect(begun).toEqual(['a', 'b', 'd'])
    expect(gate.stats).toEqual({ running: 0, waiting: 0 })
  })

  test('under pressure half of the slots are taken, and nobody waits', async () => {
    const { gate, pressure, begun, pass, end } = stand()
    pressure.isPressed = true
    const first = pass('a')
    await expect(pass('b')).rejects.toMatchObject(overloaded)
    end('a')
    await first
    const next = pass('c')
    end('c')
    await next
    expect(begun).toEqual(['a', 'c'])
    expect(gate.stats).toEqual({ running: 0, waiting: 0 })
  })

  test('those who wait when the pressure comes are refused with the next that ends', async () => {
    const { gate, pressure, pass, end } = stand()
    const passed = ['a', 'b', 'c', 'd'].map((name) => pass(name))
    pressure.isPressed = true
    end('a')
    expect((await Promise.allSettled(passed.slice(2))).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ])
    end('b')
    await Promise.all(passed.slice(0, 2))
    expect(gate.stats).toEqual({ running: 0, waiting: 0 })
  })

  test.each([
    [true, true, false],
    [true, false, true],
    [false, true, true],
  ])('pressed %s, busy %s: let in %s', async (isPressed, isBusy, isLetIn) => {
    const { pressure, begun, pass, end } = stand()
    Object.assign(pressure, { isPressed, isBusy })
    const passing = pass('a')
    end('a')
    const [passed] = await Promise.allSettled([passing])
    expect(passed?.status).toBe(isLetIn ? 'fulfilled' : 'rejected')
    expect(begun).toEqual(isLetIn ? ['a'] : [])
  })

  test.each([
    [false, 20],
    [true, 5],
  ])(
    'pressed %s: one client has four of five, and there is room for others at once',
    async (isPressed, room) => {
      const { gate, pressure, pass, end } = stand(10, 10)
      pressure.isPressed = isPressed
      const names = Array.from({ length: 30 }, (_, nth) => `${nth}`)
      const flood = names.map(async (name) =>
        pass(name, { requester: { dialect: 'native', client: 'flood' } }),
      )
      const { running, waiting } = gate.stats
      expect(running + waiting).toBe((room * 4) / 5)
      const other = pass('other', { requester: { dialect: 'native', client: 'other' } })
      expect(gate.stats.running + gate.stats.waiting).toBe((room * 4) / 5 + 1)
      pressure.isPressed = false
      for (const name of [...names, 'other']) end(name)
      expect(await other).toBe('other')
      await Promise.allSettled(flood)
      expect(gate.stats).toEqual({ running: 0, waiting: 0 })
      // Nothing of it is remembered.
      const again = pass('again', { requester: { dialect: 'native', client: 'flood' } })
      end('again')
      expect(await again).toBe('again')
    },
  )

  test('the slot of work that fails comes back', async () => {
    const { gate } = stand()
    const fail = gate.pass(async () => Promise.reject(new Error('broken')))
    await expect(fail).rejects.toThrow('broken')
    expect(gate.stats).toEqual({ running: 0, waiting: 0 })
  })
})

test('who would be refused later is told apart by whom it counts for', async () => {
  const gate = new Gate({
    slots: 2,
    maxQueued: 2,
    isPressed: (requester) => requester?.client === 'flood',
    isBusy: () => true,
  })
  const look = async (client: string) =>
    gate.pass(async () => Promise.resolve(client), { requester: { dialect: 'native', client } })
  await expect(look('flood')).rejects.toMatchObject(overloaded)
  expect(await look('visitor')).toBe('visitor')
})

test('while there is hardly time for anything else half of the slots are given out, and later all again', async () => {
  const { gate, pressure, begun, pass, end } = stand(4, 8)
  pressure.isBusy = true
  const passed = ['a', 'b', 'c', 'd', 'e', 'f'].map(async (name) => pass(name))
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b']))
  end('a')
  await passed[0]
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c']))
  pressure.isBusy = false
  end('b')
  await passed[1]
  await vi.waitFor(() => expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']))
  for (const name of ['c', 'd', 'e', 'f']) end(name)
  await Promise.all(passed)
  expect(gate.stats).toEqual({ running: 0, waiting: 0 })
})
