import { setImmediate as turn } from 'node:timers/promises'
import { createEdge } from '../../test/support/edge/create-edge.ts'
import { distribution } from '../../test/support/edge/distribution.ts'
import type { Edge, EdgeLogLine, EdgeOrigin } from '../../test/support/edge/edge.ts'
import { formatLogLine, LOG_HEAD } from '../../test/support/edge/logs.ts'
import { type EdgeTraffic, EdgeTally } from '../../src/traffic/edge-traffic.ts'
import { LogParser } from '../../src/traffic/log-parser.ts'
import { movesOf, type Workload } from './workload.ts'

/** What stands behind the edge. */
export interface Stock {
  readonly origin: EdgeOrigin
  replace(picture: number): Promise<void>
}

export interface PlayOptions {
  readonly workload: Workload
  /** What each location holds at most, and Origin Shield. */
  readonly capacityBytes: number
  /** Turned as views go by. */
  readonly time: { ms: number }
  readonly stock: (edge: () => Edge) => Promise<Stock>
  readonly onView?: (count: number) => void
}

/** What came of it. */
export interface Played {
  /** As `halftone stats cdn` reads it off the edge's logs. */
  readonly edge: EdgeTraffic
  /** Answers by `X-Cache`, as viewers saw them. */
  readonly seen: Readonly<Record<string, number>>
  /** Requests that came through to the gateway. */
  readonly asked: number
  readonly replaced: number
}

const LOCATIONS = ['FRA56-P1', 'IAD89-P2', 'SIN5-C1', 'GRU3-P4']
/** Viewers who ask at the same time. */
const AT_ONCE = 16
const DAY_MS = 86_400_000

/** Lets viewers do what the workload says, before an edge with nothing in its caches. Views are spread over a day. */
export async function play(options: PlayOptions): Promise<Played> {
  const { workload, capacityBytes, time, onView } = options
  const { widths, views } = workload
  const { tally, log } = createLogReader()
  const seen: Record<string, number> = {}
  const locations = LOCATIONS.slice(0, workload.locations)
  // The stock tells the edge what to forget, and the edge asks the stock.
  const stock = await options.stock(() => edge)
  const edge = createEdge(
    distribution({
      clock: () => time.ms,
      gateway: stock.origin,
      locations,
      capacityBytes,
      log,
    }),
  )

  async function view(picture: number, size: number, location: number): Promise<void> {
    const target = `/img/items/${picture}/${widths[size]}.jpg`
    const { status, headers } = await edge.view(locations[location] ?? '', {
      method: 'GET',
      target,
      headers: {},
    })
    if (status !== 200) throw new Error(`${target}: ${status}`)
    const result = headers['x-cache'] ?? ''
    seen[result] = (seen[result] ?? 0) + 1
  }

  let count = 0
  let replaced = 0
  let group: Promise<void>[] = []
  for (const move of movesOf(workload)) {
    if (move.kind === 'view') {
      group.push(view(move.picture, move.size, move.location))
      time.ms += DAY_MS / views
      count += 1
      onView?.(count)
    }
    if (group.length < AT_ONCE && move.kind === 'view') continue
    await Promise.all(group)
    group = []
    if (move.kind === 'view') continue
    await stock.replace(move.picture)
    replaced += 1
    // Whatever else wants to run.
    await turn()
  }
  await Promise.all(group)
  return { edge: tally.report(5), seen, asked: edge.asked('gateway'), replaced }
}

/** Takes the edge's lines as they stand in a log file. */
function createLogReader() {
  const parser = new LogParser()
  for (const line of LOG_HEAD.trimEnd().split('\n')) parser.parse(line)
  const tally = new EdgeTally()
  return {
    tally,
    log: (line: EdgeLogLine) => {
      const entry = parser.parse(formatLogLine(line).trimEnd())
      if (typeof entry === 'string') throw new Error(`The edge logs what cannot be read: ${entry}`)
      tally.add(entry)
    },
  }
}
