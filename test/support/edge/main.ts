/**
 * `npm run edge`: a distribution in small before a gateway, for people to look at. Two locations and the API of
 * invalidations on three ports; what each answer came to, and what was invalidated, on standard output.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { EDGE_ORIGIN } from '../../../src/cdn/distribution.ts'
import { CREDENTIALS, DISTRIBUTION, startCloudFrontApi } from './cloudfront-api.ts'
import { createEdge } from './create-edge.ts'
import { distribution } from './distribution.ts'
import type { EdgeLogLine } from './edge.ts'
import { createHttpOrigin } from './http-origin.ts'
import { formatLogLine, LOG_HEAD } from './logs.ts'
import { serveLocation } from './server.ts'

const LOCATIONS = ['FRA56-P1', 'IAD89-P2']

const {
  EDGE_ORIGIN: origin = 'http://localhost:8080',
  EDGE_PORT = '8081',
  EDGE_ACCOUNT_HASH,
  EDGE_BY_HOST,
  EDGE_LOG,
  EDGE_MOUNT,
  EDGE_SECRET,
} = process.env
const firstPort = Number(EDGE_PORT)
if (!Number.isInteger(firstPort) || firstPort < 0 || firstPort > 65_000)
  throw new RangeError(`EDGE_PORT is a number from 0 to 65000, not ${EDGE_PORT}`)

const edge = createEdge(
  distribution({
    clock: Date.now,
    locations: LOCATIONS,
    gateway: createHttpOrigin(origin, {
      readTimeoutMs: EDGE_ORIGIN.readTimeoutS * 1000,
      completionTimeoutMs: EDGE_ORIGIN.completionTimeoutS * 1000,
    }),
    originSecret: EDGE_SECRET,
    accountHash: EDGE_ACCOUNT_HASH,
    mount: EDGE_MOUNT,
    byHost: EDGE_BY_HOST === 'true',
    ...(EDGE_LOG === undefined ? {} : { log: logTo(EDGE_LOG) }),
  }),
)

const servers: { close(): Promise<void> }[] = []
say(`In front of ${origin}:`)
for (const [index, location] of LOCATIONS.entries()) {
  const server = await serveLocation(edge, { location, port: portAt(index), report: say })
  servers.push(server)
  say(`  ${location} ${server.url}`)
}

const api = await startCloudFrontApi(
  { clock: Date.now, edge: { invalidate: forgetAloud } },
  portAt(LOCATIONS.length),
)
servers.push(api)
say(`  API      ${api.endpoint}`)
say('A gateway that purges it is started with')
say(`  HALFTONE_CLOUDFRONT_DISTRIBUTION_ID=${DISTRIBUTION} HALFTONE_CLOUDFRONT_ENDPOINT=${api.endpoint} \\`)
say(
  `  HALFTONE_CLOUDFRONT_ACCESS_KEY_ID=${CREDENTIALS.accessKeyId} HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey}`,
)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const server of servers) void server.close()
  })
}

/** Ports that follow each other; 0 stays 0, for free ones. */
function portAt(index: number): number {
  return firstPort === 0 ? 0 : firstPort + index
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function forgetAloud(items: readonly string[]): void {
  edge.invalidate(items)
  say(`invalidated ${items.join(' ')}`)
}

/** A log file that begins anew. */
function logTo(file: string): (line: EdgeLogLine) => void {
  writeFileSync(file, LOG_HEAD)
  return (line) => appendFileSync(file, formatLogLine(line))
}
