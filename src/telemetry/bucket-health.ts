import { Counter, Gauge, type Registry } from 'prom-client'
import type { Health, Side } from '../circuit/health.ts'

const SIDES: readonly Side[] = ['reads', 'writes']
const STATES = { closed: 0, 'half-open': 1, open: 2 } as const

/** Adds what is known of the bucket as such: its circuits and its budget of retries. They count for themselves. */
export function addBucketHealth(registry: Registry, { circuits, retries }: Health): void {
  const sides = SIDES.map((side) => ({ side, circuit: circuits[side] }))
  const gauge: Gauge<'side'> = new Gauge({
    name: 'halftone_bucket_circuit',
    help: 'Circuit of reads or writes of the bucket: 0 closed, 1 being tried, 2 open',
    labelNames: ['side'],
    registers: [registry],
    collect() {
      for (const { side, circuit } of sides) gauge.set({ side }, STATES[circuit.state])
    },
  })
  addCounts(
    registry,
    ['bucket_circuit_opened', 'Times that a circuit of the bucket has opened', 'side'],
    () => sides.map(({ side, circuit }) => [side, circuit.counts.opened]),
  )
  addCounts(registry, ['bucket_refused', 'Calls not sent, since their circuit was open', 'side'], () =>
    sides.map(({ side, circuit }) => [side, circuit.counts.refused]),
  )
  addCounts(
    registry,
    ['bucket_retries', 'Calls that failed, by whether they were tried again', 'outcome'],
    () => Object.entries(retries.counts),
  )
}

/** Adds a counter whose counts by label are read when somebody scrapes. */
function addCounts(
  registry: Registry,
  [name, help, label]: readonly [name: string, help: string, label: string],
  read: () => readonly (readonly [value: string, count: number])[],
): void {
  const told = new Map<string, number>()
  const counter: Counter = new Counter({
    name: `halftone_${name}_total`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      for (const [value, count] of read()) {
        counter.inc({ [label]: value }, count - (told.get(value) ?? 0))
        told.set(value, count)
      }
    },
  })
}
