/**
 * `npm run edge`: a distribution in small before a gateway, for people to look at. Two locations on two ports, and what
 * each answer came to on standard output.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { EDGE_ORIGIN } from '../../../src/cdn/distribution.ts'
import { createEdge } from './create-edge.ts'
import { distribution } from './distribution.ts'
import type { EdgeLogLine } from './edge.ts'
import { createHttpOrigin } from './http-origin.ts'
import { formatLogLine, LOG_HEAD } from './logs.ts'
import { type EdgeServer, serveLocation } from './server.ts'

const LOCATIONS = ['FRA56-P1', 'IAD89-P2']

const {
  EDGE_ORIGIN: origin = 'http://localhost:8080',
  EDGE_PORT = '8081',
  EDGE_LOG,
  EDGE_SECRET,
} = process.env
const firstPort = Number(EDGE_PORT)
if (!Number.isInteger(firstPort) || firstPort < 0 || firstPort > 65_000)
  throw new RangeError(`EDGE_PORT is a number from 0 to 65000, not ${EDGE_PORT}`)

/** Ports that follow each other; 0 stays 0, for free ones. */
const portOf = (index: number) => (firstPort === 0 ? 0 : firstPort + index)

const edge = createEdge(
  distribution({
    clock: Date.now,
    locations: LOCATIONS,
    gateway: createHttpOrigin(origin, {
      readTimeoutMs: EDGE_ORIGIN.readTimeoutS * 1000,
      completionTimeoutMs: EDGE_ORIGIN.completionTimeoutS * 1000,
    }),
    originSecret: EDGE_SECRET,
    ...(EDGE_LOG === undefined ? {} : { log: logTo(EDGE_LOG) }),
  }),
)

const say = (line: string) => void process.stdout.write(`${line}\n`)

say(`In front of ${origin}:`)
const servers: EdgeServer[] = []
for (const [index, location] of LOCATIONS.entries()) {
  const server = await serveLocation(edge, { location, port: portOf(index), report: say })
  servers.push(server)
  say(`  ${location} ${server.url}`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const server of servers) void server.close()
  })
}

/** A log file that begins anew. */
function logTo(file: string): (line: EdgeLogLine) => void {
  writeFileSync(file, LOG_HEAD)
  return (line) => appendFileSync(file, formatLogLine(line))
}
