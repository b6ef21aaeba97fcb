import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Circuit, type CircuitOptions, type Passage, type Turn } from '../../src/circuit/circuit.ts'

const FAILURES = 3
const PAUSE_MS = 100

/** A circuit with a clock that a test sets, and without chance in its pauses. */
function start(options: CircuitOptions = {}) {
  const turns: Turn[] = []
  const clock = { ms: 1_000 }
  const circuit = new Circuit({
    failures: FAILURES,
    pauseMs: PAUSE_MS,
    maxPauseMs: 400,
    trialMs: 1_000,
    elapsedMs: () => clock.ms,
    random: () => 1,
    onTurn: (turn) => turns.push(turn),
    ...options,
  })
  return { circuit, clock, turns }
}

function enter(circuit: Circuit, subject: string): Passage {
  const passage = circuit.enter(subject)
  if (passage === undefined) throw new Error(`${subject} was refused`)
  return passage
}

function failAll(circuit: Circuit, subjects: readonly string[]): void {
  for (const subject of subjects) enter(circuit, subject).fail()
}

function startOpen(options?: CircuitOptions) {
  const started = start(options)
  failAll(started.circuit, ['a', 'b', 'c'])
  return started
}

describe('a circuit that is closed', () => {
  test('opens when so many things have failed one after the other', () => {
    const { circuit, turns } = start()
    failAll(circuit, ['a', 'b'])
    expect(circuit.state).toBe('closed')
    failAll(circuit, ['c'])
    expect(circuit.state).toBe('open')
    expect(circuit.enter('d')).toBeUndefined()
    expect(turns).toEqual([{ to: 'open' }])
    expect(circuit.counts).toEqual({ opened: 1, refused: 1 })
  })

  test('begins to count anew with a success', () => {
    const { circuit } = start()
    failAll(circuit, ['a', 'b'])
    enter(circuit, 'c').succeed()
    failAll(circuit, ['d', 'e'])
    expect(circuit.state).toBe('closed')
  })

  test('is not opened by one thing that is broken, however often it is asked for', () => {
    const { circuit } = start()
    failAll(
      circuit,
      Array.from({ length: 1_000 }, () => 'a'),
    )
    expect(circuit.state).toBe('closed')
  })

  test('learns nothing from who leaves', () => {
    const { circuit } = start()
    failAll(circuit, ['a', 'b'])
    enter(circuit, 'c').leave()
    expect(circuit.state).toBe('closed')
    failAll(circuit, ['d'])
    expect(circuit.state).toBe('open')
  })
})

describe('a circuit that is open', () => {
  test('lets one through after its pause, and all after that one’s success', () => {
    const { circuit, clock, turns } = startOpen()
    clock.ms += PAUSE_MS - 1
    expect(circuit.enter('d')).toBeUndefined()
    clock.ms += 1
    const trial = enter(circuit, 'd')
    expect(circuit.state).toBe('half-open')
    expect(circuit.enter('e')).toBeUndefined()
    trial.succeed()
    expect(circuit.state).toBe('closed')
    expect([circuit.enter('e'), circuit.enter('f')]).not.toContain(undefined)
    expect(turns).toEqual([{ to: 'open' }, { to: 'closed', afterMs: PAUSE_MS }])
  })

  test('pauses twice as long after each trial that fails, up to a bound', () => {
    const { circuit, clock } = startOpen()
    const pauses = Array.from({ length: 5 }, (_, turn) => {
      const from = clock.ms
      let trial = circuit.enter(`trial ${turn}`)
      while (trial === undefined) {
        clock.ms += 1
        trial = circuit.enter(`trial ${turn}`)
      }
      trial.fail()
      return clock.ms - from
    })
    expect(pauses).toEqual([100, 200, 400, 400, 400])
  })

  test('pauses between a half and the whole, by chance', () => {
    const { circuit, clock } = startOpen({ random: () => 0 })
    clock.ms += PAUSE_MS / 2 - 1
    expect(circuit.enter('d')).toBeUndefined()
    clock.ms += 1
    expect(circuit.enter('d')).toBeDefined()
  })

  test('gives the place of a trial that leaves to the next', () => {
    const { circuit, clock } = startOpen()
    clock.ms += PAUSE_MS
    enter(circuit, 'd').leave()
    expect(circuit.enter('e')).toBeDefined()
  })

  test('does not wait for ever for a trial, but hears it however late it succeeds', () => {
    const { circuit, clock } = startOpen()
    clock.ms += PAUSE_MS
    const first = enter(circuit, 'd')
    clock.ms += 1_000
    const second = enter(circuit, 'e')
    first.fail()
    expect(circuit.state).toBe('half-open')
    first.succeed()
    expect(circuit.state).toBe('closed')
    second.fail()
    expect(circuit.state).toBe('closed')
  })

  test('tries others before what its last trial failed with', () => {
    const { circuit, clock } = startOpen()
    clock.ms += PAUSE_MS
    enter(circuit, 'a').fail()
    clock.ms += 2 * PAUSE_MS
    expect(circuit.enter('a')).toBeUndefined()
    enter(circuit, 'b').leave()
    clock.ms += 2 * PAUSE_MS
    expect(circuit.enter('a')).toBeDefined()
  })

  test('does not listen to what passed before it opened', () => {
    const { circuit, clock } = start()
    const [late, later] = [enter(circuit, 'x'), enter(circuit, 'y')]
    failAll(circuit, ['a', 'b', 'c'])
    late.succeed()
    expect(circuit.state).toBe('open')
    clock.ms += PAUSE_MS
    enter(circuit, 'd').succeed()
    failAll(circuit, ['a', 'b'])
    later.fail()
    expect(circuit.state).toBe('closed')
  })
})

const step = fc.record({
  afterMs: fc.nat(300),
  subject: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  end: fc.constantFrom('succeed', 'fail', 'leave', 'hang'),
} as const)

describe('whatever happens', () => {
  test('nobody is refused before so many different things have failed since the last success', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { circuit, clock } = start()
        const failed = new Set<string>()
        for (const { afterMs, subject, end } of steps) {
          clock.ms += afterMs
          const passage = circuit.enter(subject)
          expect(passage === undefined && failed.size < FAILURES).toBe(false)
          if (failed.size >= FAILURES) return
          if (end === 'succeed') failed.clear()
          if (end === 'fail') failed.add(subject)
          if (end !== 'hang') passage?.[end]()
        }
      }),
    )
  })

  test('while it is open one is let through at a time, and it closes with the first that succeeds', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { circuit, clock } = startOpen()
        const trials: number[] = []
        for (const { afterMs, subject, end } of steps) {
          clock.ms += afterMs
          const passage = circuit.enter(subject)
          if (passage === undefined) continue
          trials.push(clock.ms)
          if (end !== 'hang') passage[end]()
          if (end === 'succeed') break
          // Whoever comes at the same moment as one that hangs, or has just failed, is refused.
          const isFree = end === 'leave'
          expect(circuit.enter('other') === undefined).toBe(!isFree)
        }
        const [first = Infinity] = trials
        expect(first).toBeGreaterThanOrEqual(1_000 + PAUSE_MS)
        // At rest for long enough, it always takes one more trial, and that one closes it.
        clock.ms += 10_000
        circuit.enter('last')?.succeed()
        expect(circuit.state).toBe('closed')
      }),
    )
  })
})
