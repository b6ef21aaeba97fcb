import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Authenticator } from './auth/authenticator.ts'
import { Connections } from './connections.ts'
import { LifecycleSweeper } from './lifecycle/lifecycle-sweeper.ts'
import type { Log } from './log.ts'
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
  /** How long a client may neither send nor take a byte. */
  readonly idleTimeoutMs?: number
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
const HEADERS_TIMEOUT_MS = 20_000
const KEEP_ALIVE_MS = 65_000

/** Rules speak of days, so an hour is soon enough. */
const LIFECYCLE_INTERVAL_MS = 3_600_000

/** 5 GiB take this long at 12 Mbit/s. */
const REQUEST_TIMEOUT_MS = 3_600_000

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
  const {
    credentials,
    region = 'us-east-1',
    log = () => undefined,
    logRequests = false,
    now = Date.now,
  } = options
  const layout = layoutOf(options.directory)
  const loaded = load(layout, (problem) => log({ msg: 'set aside at start', ...problem }))
  const { files = NODE_FILES, minPartBytes = MIN_PART_BYTES } = options
  const store = new Store({ files, layout, now, minPartBytes }, loaded)
  for (const bucket of options.buckets ?? []) await store.createBucket(bucket)
  const authenticator = new Authenticator({ credentials, region, now })
  const listener = createListener({ authenticator, store, region, log, logRequests })
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS },
    listener,
  )
  server.on('checkContinue', listener)
  const connections = new Connections(server)
  server.timeout = options.idleTimeoutMs ?? 60_000
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, options)
  const sweeper = new LifecycleSweeper(
    { store, uploads: createIncompleteUploads(store.uploads), now, log },
    options.lifecycleIntervalMs ?? LIFECYCLE_INTERVAL_MS,
  )
  sweeper.start()
  return { server, connections, sweeper }
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
