import { appendFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBucketAdministration } from '../../src/storage/bucket-administration.ts'
import { newEdgeKey } from '../cdn/edge-permission.ts'
import { keysUnder } from '../sweep/sweeping.ts'
import { TOKEN_SECRET } from './api.ts'
import { CREDENTIALS, DISTRIBUTION, startCloudFrontApi } from './edge/cloudfront-api.ts'
import { createEdge } from './edge/create-edge.ts'
import { distribution } from './edge/distribution.ts'
import type { Edge, EdgeOrigin } from './edge/edge.ts'
import { createHttpOrigin } from './edge/http-origin.ts'
import { formatLogLine, LOG_HEAD } from './edge/logs.ts'
import { serveLocation } from './edge/server.ts'
import { createClient } from './journey.ts'
import { type BucketAddress, environmentOf, openOrigin, runProgram, serve, type Served } from './program.ts'
import { startOrigin } from './s3-server.ts'

const SECRET = 'what-the-distribution-says-to-its-origin'
export const LOCATIONS = ['FRA56-P1', 'IAD89-P2'] as const
export const BY_EDGE = { 'x-origin-verify': SECRET }

/** What keeps a change from being over at the edge, as short as programs on a busy machine bear. */
const SHORT = {
  HALFTONE_LOOKUP_TTL_MS: '100',
  HALFTONE_JOURNAL_MAX_LAG_MS: '400',
  HALFTONE_REQUEST_TIMEOUT_MS: '2000',
  HALFTONE_RENDER_TIMEOUT_MS: '1900',
  HALFTONE_EDGE_COMPLETION_S: '1',
  HALFTONE_PURGE_INTERVAL_MS: '200',
  HALFTONE_CLOUDFRONT_TIMEOUT_MS: '500',
}

const LIMITS = { readTimeoutMs: 20_000, completionTimeoutMs: 60_000 }

/** A process for which time goes twenty times as fast, where it measures how long somebody else has been silent. */
export const HURRIED = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import timers from 'node:timers/promises'
    import { syncBuiltinESMExports } from 'node:module'
    const now = performance.now.bind(performance)
    performance.now = () => now() * 20
    const pause = timers.setTimeout
    timers.setTimeout = (ms, ...rest) => pause(ms / 20, ...rest)
    syncBuiltinESMExports()
  `)}`,
}

/**
 * Two gateway programs on one bucket, behind an edge with two locations that asks S3 first, checks nothing and is purged
 * over its API. Who may see `/private/*` tests have to check with `trusted`. Without a place for the bucket there is an
 * origin for it.
 */
export async function beginEdgeJourney(place?: BucketAddress, more: Record<string, string> = {}) {
  const started = place === undefined ? await startOrigin() : undefined
  const origin = place ?? started
  if (origin === undefined) throw new Error('There is no bucket')
  await showVariants(origin)
  const store = openOrigin(origin)
  const directory = await mkdtemp(join(tmpdir(), 'halftone-edge-'))
  const log = join(directory, 'edge.log')
  writeFileSync(log, LOG_HEAD)

  const replicas: Served[] = []
  let turn = 0
  const fromReplicas: EdgeOrigin = async (request, signal) => {
    turn += 1
    const replica = replicas[turn % replicas.length]
    if (replica === undefined) throw new Error('No gateway is left')
    return createHttpOrigin(replica.url, LIMITS)(request, signal)
  }
  const fromStore = createHttpOrigin(origin.url, LIMITS)
  const edge: Edge = createEdge(
    distribution({
      clock: Date.now,
      locations: LOCATIONS,
      gateway: fromReplicas,
      bucket: (request, signal) =>
        fromStore({ ...request, target: `/${origin.bucket}${request.target}` }, signal),
      originSecret: SECRET,
      log: (line) => appendFileSync(log, formatLogLine(line)),
    }),
  )
  const api = await startCloudFrontApi({ clock: Date.now, edge })
  const locations = await Promise.all(
    LOCATIONS.map(async (location) => serveLocation(edge, { location, port: 0 })),
  )
  const urls = locations.map(({ url }) => url)

  const { privateKey, trusted } = newEdgeKey('ec')
  const environment: Record<string, string> = {
    ...environmentOf(origin),
    ...SHORT,
    HALFTONE_WORKERS: '1',
    HALFTONE_LOG_HITS_EVERY: '0',
    HALFTONE_ITEM_PHOTO_PRESETS: 'thumbnail',
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_ACCESS_KEYS: 'an access key for tests that is long enough',
    HALFTONE_ORIGIN_SECRETS: SECRET,
    HALFTONE_ORIGIN_SECRET_REQUIRED: 'true',
    HALFTONE_CDN_URL: urls[0] ?? '',
    HALFTONE_CLOUDFRONT_KEY_PAIR_ID: trusted.id,
    HALFTONE_CLOUDFRONT_PRIVATE_KEY: privateKey,
    HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION,
    HALFTONE_CLOUDFRONT_ENDPOINT: api.endpoint,
    HALFTONE_CLOUDFRONT_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    HALFTONE_CLOUDFRONT_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    ...more,
  }
  replicas.push(...(await Promise.all([serve(environment), serve(environment)])))
  const [first] = replicas
  if (first === undefined) throw new Error('No gateway has started')

  async function end(replica: Served, signal: NodeJS.Signals): Promise<void> {
    replicas.splice(replicas.indexOf(replica), 1)
    replica.kill(signal)
    await replica.ended
  }

  return {
    origin,
    store,
    edge,
    api,
    log,
    urls,
    trusted,
    replicas,
    /** The API, past the edge: what it passes on is only read. */
    client: () => createClient(replicas[0]?.url ?? '', BY_EDGE),
    end,
    async start(others: Record<string, string>) {
      replicas.push(await serve({ ...environment, ...others }))
    },
    keysUnder: async (prefix: string) => keysUnder(store, prefix),
    /** Runs a command of the program beside the gateways; its exit code and what it prints. */
    async halftone(...args: readonly string[]) {
      const run = runProgram(args, environment)
      return { code: await run.ended, output: run.output.join('\n') }
    },
    async close() {
      for (const replica of replicas.toReversed()) await end(replica, 'SIGTERM')
      await Promise.all([...locations, api].map(async (server) => server.close()))
      store.close()
      await started?.stop()
      await rm(directory, { recursive: true })
    },
  }
}

export type EdgeJourney = Awaited<ReturnType<typeof beginEdgeJourney>>

/** Lets the distribution read variants, and nothing else; here that is everybody. */
async function showVariants({ url, bucket, accessKeyId, secretAccessKey }: BucketAddress): Promise<void> {
  const administration = createBucketAdministration({
    bucket,
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  })
  const Resource = `arn:aws:s3:::${bucket}/img/*`
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }]
  await administration.policy.put(JSON.stringify({ Version: '2012-10-17', Statement }))
  administration.close()
}
