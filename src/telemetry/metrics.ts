import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds; from a memory hit to the deadline of a request. */
const REQUEST_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]
const RENDER_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is read off other parts whenever somebody scrapes. */
export interface Gauges {
  readonly queueLength: () => number
  readonly rendering: () => number
  readonly flights: () => number
  readonly memoryBytes: () => number
  readonly memoryEntries: () => number
  readonly writesPending: () => number
  readonly journalLagSeconds: () => number
  readonly workerMemoryBytes: () => number
}

export type Metrics = ReturnType<typeof createMetrics>

/** All counters and histograms of the gateway, in a registry of its own. Names and labels are stable: dashboards rely on them. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requests: new Counter({
      name: 'halftone_requests_total',
      help: 'Requests by route, status, cache class and the layer that answered',
      labelNames: ['route', 'status', 'class', 'layer'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'halftone_request_seconds',
      help: 'Time to answer by route and layer',
      labelNames: ['route', 'layer'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    renderSeconds: new Histogram({
      name: 'halftone_render_seconds',
      help: 'Time to decode, resize and encode one picture, by output type',
      labelNames: ['type'],
      buckets: RENDER_BUCKETS,
      registers,
    }),
    queueSeconds: new Histogram({
      name: 'halftone_queue_seconds',
      help: 'Wait for a render slot',
      buckets: RENDER_BUCKETS,
      registers,
    }),
    bucketCalls: new Counter({
      name: 'halftone_bucket_calls_total',
      help: 'Calls of the bucket by verb and outcome',
      labelNames: ['verb', 'outcome'],
      registers,
    }),
    bucketSeconds: new Histogram({
      name: 'halftone_bucket_seconds',
      help: 'Latency of bucket calls by verb',
      labelNames: ['verb'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    writes: new Counter({
      name: 'halftone_writes_total',
      help: 'Pictures stored in the bucket after rendering, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    workerRestarts: new Counter({
      name: 'halftone_worker_restarts_total',
      help: 'Render workers replaced, by reason',
      labelNames: ['reason'],
      registers,
    }),
  }
}

/** Adds the gauges once the parts that they read exist. */
export function addGauges(registry: Registry, gauges: Gauges): void {
  const names: Record<keyof Gauges, [name: string, help: string]> = {
    queueLength: ['halftone_queue_length', 'Pictures that wait for a render slot'],
    rendering: ['halftone_rendering', 'Pictures being rendered'],
    flights: ['halftone_flights', 'Flights in the air: pictures being looked for or rendered'],
    memoryBytes: ['halftone_memory_bytes', 'Bytes of variants in memory'],
    memoryEntries: ['halftone_memory_entries', 'Variants in memory'],
    writesPending: ['halftone_writes_pending', 'Pictures that wait to be stored'],
    journalLagSeconds: ['halftone_journal_lag_seconds', 'Time since the journal was last read'],
    workerMemoryBytes: ['halftone_worker_memory_bytes', 'Resident memory of all render workers'],
  }
  for (const [key, read] of Object.entries(gauges)) {
    const [name, help] = names[key as keyof Gauges]
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
}
