import type { Registry } from 'prom-client'
import type { Logger } from './log.ts'

/** A minute: the resolution of CloudWatch's ordinary metrics. */
const INTERVAL_MS = 60_000

export interface FiguresOptions {
  /** What the figures are called under in CloudWatch. */
  readonly namespace: string
  readonly registry: Pick<Registry, 'getMetricsAsJSON'>
  readonly log: Pick<Logger, 'info' | 'error'>
}

/** The values of the registry's metrics by name, and of what is asked for with a label also by that. */
type Reading = ReadonlyMap<string, number>

interface Figure {
  readonly name: string
  readonly unit: 'Milliseconds' | 'Seconds' | 'Count'
  /** `undefined` where the program has no such metric. */
  readonly value: (now: Reading, before: Reading) => number | undefined
}

const WAIT_SUM = 'halftone_queue_seconds_sum'
const WAIT_COUNT = 'halftone_queue_seconds_count'

/** What scaling and alarms look at. */
const FIGURES: readonly Figure[] = [
  {
    name: 'QueueWait',
    unit: 'Milliseconds',
    // The mean since the last time; where nobody has waited it is 0, so that what was added can be taken away again.
    value: (now, before) => {
      const waits = since(WAIT_COUNT, now, before) ?? 0
      return waits === 0 ? 0 : ((since(WAIT_SUM, now, before) ?? 0) / waits) * 1000
    },
  },
  { name: 'QueueLength', unit: 'Count', value: (now) => now.get('halftone_queue_length') },
  {
    name: 'Refused',
    unit: 'Count',
    value: (now, before) => since('halftone_requests_total{503}', now, before) ?? 0,
  },
  { name: 'JournalLag', unit: 'Seconds', value: (now) => now.get('halftone_journal_lag_seconds') },
  { name: 'PurgesOldest', unit: 'Seconds', value: (now) => now.get('halftone_purges_oldest_seconds') },
  { name: 'EventsOldest', unit: 'Seconds', value: (now) => now.get('halftone_events_oldest_seconds') },
]

/** Figures of the last minute in the log, as CloudWatch takes metrics out of it (embedded metric format). */
export class Figures {
  readonly #options: FiguresOptions
  #before: Reading = new Map()
  #timer: NodeJS.Timeout | undefined

  constructor(options: FiguresOptions) {
    this.#options = options
  }

  /** Writes them every minute from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.write(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Writes what has happened since the last time; never fails. */
  async write(): Promise<void> {
    const { namespace, registry, log } = this.#options
    try {
      const now = readingOf(await registry.getMetricsAsJSON())
      const figures = FIGURES.flatMap(({ name, unit, value }) => {
        const found = value(now, this.#before)
        return found === undefined ? [] : [{ name, unit, value: found }]
      })
      this.#before = now
      log.info(embedded(namespace, figures), 'figures')
    } catch (error) {
      log.error({ err: error }, 'no figures')
    }
  }
}

function embedded(
  namespace: string,
  figures: readonly { name: string; unit: string; value: number }[],
): object {
  const metrics = figures.map(({ name, unit }) => ({ Name: name, Unit: unit }))
  return {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['Program']], Metrics: metrics }],
    },
    Program: 'halftone',
    ...Object.fromEntries(figures.map(({ name, value }) => [name, value])),
  }
}

function since(name: string, now: Reading, before: Reading): number | undefined {
  const value = now.get(name)
  return value === undefined ? undefined : value - (before.get(name) ?? 0)
}

function readingOf(metrics: Awaited<ReturnType<Registry['getMetricsAsJSON']>>): Reading {
  const reading = new Map<string, number>()
  const add = (name: string, value: number) => reading.set(name, (reading.get(name) ?? 0) + value)
  for (const metric of metrics) {
    for (const { value, labels, ...entry } of metric.values) {
      const name = 'metricName' in entry ? String(entry.metricName) : metric.name
      add(name, value)
      if ('status' in labels) add(`${name}{${labels['status']}}`, value)
    }
  }
  return reading
}
