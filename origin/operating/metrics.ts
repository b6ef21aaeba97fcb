import type { ServerResponse } from 'node:http'
import { Tally } from './tally.ts'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Seconds; from a look in memory to a large upload. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600]

/** What is read off the store whenever somebody scrapes. */
export interface StoreGauges {
  readonly buckets: () => number
  readonly objects: () => number
  /** Records and blobs that the start set aside. */
  readonly setAside: () => number
}

/** A request under way, as far as it is known what it asks for. */
export interface Exchange {
  operation: string
}

/** Counts a request from now until its answer is over. */
export type Meter = (response: ServerResponse) => Exchange

/**
 * Puts the origin's metrics into a registry. Labels take few values: operations by name, `none` before one is known, and
 * statuses, `aborted` when the client left. Neither buckets nor keys are among them.
 */
export function createMeter(registry: Registry, gauges: StoreGauges): Meter {
  const registers = [registry]
  const tally = new Tally()
  const requests: Counter = new Counter({
    name: 'origin_requests_total',
    help: 'Requests by operation and status',
    labelNames: ['operation', 'status'],
    registers,
    collect: () => tally.moveTo((labels, count) => requests.inc(labels, count)),
  })
  const seconds = new Histogram({
    name: 'origin_request_seconds',
    help: 'Time from the head of a request to the end of its answer, by operation',
    labelNames: ['operation'],
    buckets: BUCKETS,
    registers,
  })
  const active = new Gauge({ name: 'origin_requests_active', help: 'Requests under way', registers })
  addGauge(registry, 'origin_buckets', 'Buckets', gauges.buckets)
  addGauge(registry, 'origin_objects', 'Objects in all buckets', gauges.objects)
  addGauge(registry, 'origin_set_aside', 'Damaged files that the start set aside', gauges.setAside)
  return (response) => {
    const exchange: Exchange = { operation: 'none' }
    const started = performance.now()
    active.inc()
    response.once('close', () => {
      const { operation } = exchange
      active.dec()
      tally.add(operation, response.writableFinished ? String(response.statusCode) : 'aborted')
      seconds.observe({ operation }, (performance.now() - started) / 1000)
    })
    return exchange
  }
}

function addGauge(registry: Registry, name: string, help: string, read: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) })
  registry.registerMetric(gauge)
}
