import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'
import { Authenticator } from './auth/authenticator.ts'
import { Connections } from './connections.ts'
import { LifecycleSweeper } from './lifecycle/lifecycle-sweeper.ts'
import type { Log } from './log.ts'
import { createMeter } from './operating/metrics.ts'
import { createListener } from './request-listener.ts'
import { lockDirectory } from './store/directory-lock.ts'
import { type Files, NODE_FILES } from './store/files.ts'
import { layoutOf } from './store/layout.ts'
import { load } from './store/load.ts'
import { Store } from './store/store.ts'
import { createIncompleteUploads } from './uploads/incomplete-uploads.ts'

export interface OriginOptions {
  /** Made when it is not there. */
  readonly directory: string
  /** Secrets by access key. */
  readonly credentials: ReadonlyMap<string, string>
  readonly host?: string
  /** 0: any free port. */
  readonly port?: number
  readonly region?: string
  /** Buckets that are made at start. */
  readonly buckets?: readonly string[]
  readonly log?: Log
  readonly logRequests?: boolean
  /** How long a client may neither send nor take a byte; it must also move some bytes a second over each such time. */
  readonly idleTimeoutMs?: number
  /** How long a client may take to send the head of a request. */
  readonly headersTimeoutMs?: number
  /** Where metrics go. */
  readonly registry?: Registry
  /** How long a stop waits for requests under way. */
  readonly graceMs?: number
  /** How long after one sweep of the lifecycle rules the next begins. */
  readonly lifecycleIntervalMs?: number
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number
  /** What every part of a multipart upload but the last must have: S3's 5 MiB, less where a test wants it. */
  readonly minPartBytes?: number
  /** By what the store writes. */
  readonly files?: Files
}

/** A server that listens. */
export interface Origin {
  readonly url: string
  /** Finishes the requests under way, gives the directory back; further calls wait for the same end. */
  close(): Promise<void>
}

const MIN_PART_BYTES = 5 * 1024 ** 2
const IDLE_TIMEOUT_MS = 60_000
const HEADERS_TIMEOUT_MS = 20_000
const KEEP_ALIVE_MS = 65_000
const MAX_HEAD_BYTES = 16 * 1024

/** Rules speak of days, so an hour is soon enough. */
const LIFECYCLE_INTERVAL_MS = 3_600_000

/** A tenth of what an old modem does: whoever is slower holds a connection and does not use it. */
const MIN_BYTES_PER_SECOND = 500

/** Starts an origin in this process; throws when its directory is in use or its port is taken. */
export async function createOrigin(options: OriginOptions): Promise<Origin> {
  const { directory, graceMs = 20_000 } = options
  const unlock = lockDirectory(directory)
  try {
    const running = await startServer(options)
    let closing: Promise<void> | undefined
    return {
      url: formatUrl(running.server.address()),
      close: () => (closing ??= stop(running, graceMs).finally(unlock)),
    }
  } catch (error) {
    unlock()
    throw error
  }
}

interface Running {
  readonly server: Server
  readonly connections: Connections
  readonly sweeper: LifecycleSweeper
}

async function startServer(options: OriginOptions): Promise<Running> {
  const { credentials, region = 'us-east-1', log = () => undefined, now = Date.now } = options
  const { logRequests = false, registry = new Registry(), idleTimeoutMs = IDLE_TIMEOUT_MS } = options
  const { store, setAside } = openStore(options, { log, now })
  for (const bucket of options.buckets ?? []) await store.createBucket(bucket)
  const listener = createListener({
    authenticator: new Authenticator({ credentials, region, now }),
    store,
    region,
    now,
    log,
    logRequests,
    registry,
    meter: createMeter(registry, {
      buckets: () => store.listBuckets().length,
      objects: () => store.listBuckets().reduce((sum, { index }) => sum + index.size, 0),
      setAside: () => setAside,
    }),
    pace: { windowMs: idleTimeoutMs, minBytes: (MIN_BYTES_PER_SECOND * idleTimeoutMs) / 1000 },
  })
  const server = createHttpServer(options, listener)
  server.timeout = idleTimeoutMs
  const connections = new Connections(server)
  await listen(server, options)
  const sweeper = new LifecycleSweeper(
    { store, uploads: createIncompleteUploads(store.uploads), now, log },
    options.lifecycleIntervalMs ?? LIFECYCLE_INTERVAL_MS,
  )
  sweeper.start()
  return { server, connections, sweeper }
}

function openStore(
  { directory, files = NODE_FILES, minPartBytes = MIN_PART_BYTES }: OriginOptions,
  { log, now }: { log: Log; now: () => number },
): { store: Store; setAside: number } {
  const layout = layoutOf(directory)
  let setAside = 0
  const loaded = load(layout, (problem) => {
    setAside += 1
    log({ msg: 'set aside at start', ...problem })
  })
  return { store: new Store({ files, layout, now, minPartBytes }, loaded), setAside }
}

function createHttpServer(
  { headersTimeoutMs = HEADERS_TIMEOUT_MS }: OriginOptions,
  listener: RequestListener,
): Server {
  const limits = {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: headersTimeoutMs,
    // How often Node looks for overdue heads: they may take that much longer.
    connectionsCheckingInterval: Math.ceil(headersTimeoutMs / 4),
    // A body is judged by its pace, not by how long it takes in all.
    requestTimeout: 0,
  }
  const server = createServer(limits, listener)
  server.on('checkContinue', listener)
  // Node drops headers above a number of them in silence; their bytes are limited already.
  server.maxHeadersCount = 0
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server
}

async function listen(server: Server, { host = '127.0.0.1', port = 9000 }: OriginOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function stop({ server, connections, sweeper }: Running, graceMs: number): Promise<void> {
  await Promise.all([stopServer(server, connections, graceMs), sweeper.stop()])
}

async function stopServer(server: Server, connections: Connections, graceMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs)
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      connections.stop()
    })
  } finally {
    clearTimeout(deadline)
  }
}

function formatUrl(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
