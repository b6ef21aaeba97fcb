import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Health } from '../circuit/health.ts'
import { addBucketHealth } from './bucket-health.ts'
import { RequestTally } from './request-tally.ts'

/** Seconds; from a memory hit to the deadline of a request. */
const REQUEST_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]
const RENDER_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is read off other parts whenever somebody scrapes. */
export interface Gauges {
  readonly queueLength: () => number
  readonly rendering: () => number
  readonly fetchBytes: () => number
  readonly renderMemoryBytes: () => number
  readonly flights: () => number
  readonly memoryBytes: () => number
  readonly memoryEntries: () => number
  readonly writesPending: () => number
  readonly journalLagSeconds: () => number
  readonly workerMemoryBytes: () => number
}

export type Metrics = ReturnType<typeof createMetrics>

/** All counters and histograms of the gateway, in a registry of its own. Names and labels are stable: dashboards rely on them. */
export function createMetrics(health?: Health) {
  const registry = new Registry()
  if (health !== undefined) addBucketHealth(registry, health)
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `halftone_${name}_total`, help, labelNames, registers })
  const seconds = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ) => new Histogram({ name: `halftone_${name}_seconds`, help, labelNames, buckets, registers })
  return {
    registry,
    requests: createRequestTally(registry),
    requestSeconds: seconds(
      'request',
      'Time to answer by route and layer',
      ['route', 'layer'],
      REQUEST_BUCKETS,
    ),
    renderSeconds: seconds('render', 'Time to decode, resize and encode a picture', ['type'], RENDER_BUCKETS),
    queueSeconds: seconds('queue', 'Wait for a render slot', [], RENDER_BUCKETS),
    bucketCalls: counter('bucket_calls', 'Calls of the bucket by verb and outcome', ['verb', 'outcome']),
    bucketSeconds: seconds('bucket', 'Latency of bucket calls by verb', ['verb'], REQUEST_BUCKETS),
    offLadder: counter('off_ladder', 'Pictures off the ladder that were not there, by what became of them', [
      'outcome',
    ]),
    degraded: counter('degraded', 'Pictures for which there was too much to do, by what was sent instead', [
      'outcome',
    ]),
    refused: counter('refused', 'Pictures that were not let in to be made, by reason', ['reason']),
    writes: counter('writes', 'Pictures stored in the bucket after rendering, by outcome', ['outcome']),
    events: counter('events', 'Deliveries of events to the webhook, by outcome', ['outcome']),
    bucketEvents: counter(
      'bucket_events',
      'Changes of the bucket that were notified, by what became of them',
      ['outcome'],
    ),
    purgeCalls: counter('purge_calls', 'Calls of the API of the edge, by outcome', ['outcome']),
    purgeItems: counter('purge_items', 'Items that the edge has taken, by kind', ['kind']),
    purgeDollars: counter('purge_dollars', 'What these items cost beyond the free ones of a month', []),
    purgesSetAside: counter('purges_set_aside', 'Items that the edge will not take', []),
    workerRestarts: counter('worker_restarts', 'Render workers replaced, by reason', ['reason']),
  }
}

/** The same of the outbox, where there is a webhook. */
export interface EventGauges {
  readonly pending: () => number
  readonly oldestSeconds: () => number
}

/** The same of the queue to the edge, where there is a distribution. */
export interface PurgeGauges {
  readonly waiting: () => number
  readonly sent: () => number
  readonly oldestSeconds: () => number
}

/** Requests, counted when they are answered and told when somebody scrapes. */
function createRequestTally(registry: Registry): RequestTally {
  const tally = new RequestTally()
  const requests: Counter<'route' | 'status' | 'class' | 'layer'> = new Counter({
    name: 'halftone_requests_total',
    help: 'Requests by route, status, cache class and the layer that answered',
    labelNames: ['route', 'status', 'class', 'layer'],
    registers: [registry],
    collect: () => tally.moveTo((labels, count) => requests.inc({ ...labels }, count)),
  })
  return tally
}

type Row = readonly [name: string, help: string, read: () => number]

/** Adds the gauges once the parts that they read exist. */
export function addGauges(registry: Registry, gauges: Gauges): void {
  addRows(registry, table(gauges))
}

/** Adds the gauges of the sender of events. */
export function addEventGauges(registry: Registry, { pending, oldestSeconds }: EventGauges): void {
  addRows(registry, [
    ['halftone_events_pending', 'Events that waited at the last look at the outbox', pending],
    ['halftone_events_oldest_seconds', 'Age of the oldest event that waits', oldestSeconds],
  ])
}

/** Adds the gauges of the sender of purges. */
export function addPurgeGauges(registry: Registry, { waiting, sent, oldestSeconds }: PurgeGauges): void {
  addRows(registry, [
    ['halftone_purges_waiting', 'Purges that the edge has not been told of', waiting],
    ['halftone_purges_sent', 'Purges that the edge has been told of once, and is told of again', sent],
    ['halftone_purges_oldest_seconds', 'Age of the oldest purge that waits', oldestSeconds],
  ])
}

function addRows(registry: Registry, rows: readonly Row[]): void {
  for (const [name, help, read] of rows) {
    const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) })
    registry.registerMetric(gauge)
  }
}

function table(gauges: Gauges): readonly Row[] {
  return [
    ['halftone_queue_length', 'Pictures that wait for a render slot', gauges.queueLength],
    ['halftone_rendering', 'Pictures being rendered', gauges.rendering],
    ['halftone_fetch_bytes', 'Bytes of sources in memory to be rendered', gauges.fetchBytes],
    [
      'halftone_render_memory_bytes',
      'Memory that what is being made is estimated to need in workers',
      gauges.renderMemoryBytes,
    ],
    ['halftone_flights', 'Flights in the air: pictures being looked for or rendered', gauges.flights],
    ['halftone_memory_bytes', 'Bytes of variants in memory', gauges.memoryBytes],
    ['halftone_memory_entries', 'Variants in memory', gauges.memoryEntries],
    ['halftone_writes_pending', 'Pictures that wait to be stored', gauges.writesPending],
    ['halftone_journal_lag_seconds', 'Time since the journal was last read', gauges.journalLagSeconds],
    ['halftone_worker_memory_bytes', 'Resident memory of all render workers', gauges.workerMemoryBytes],
  ]
}
