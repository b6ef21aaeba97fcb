import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { ObjectStore, PutResult } from './object-store.ts'

/** What a probe found out, for the operator: `detail` may name hosts, `cure` is there when it is not `ok`. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly cure?: string
}

interface Check {
  readonly name: string
  readonly cure: string
  readonly run: () => Promise<Observation>
}

type Observation = Pick<Finding, 'ok' | 'detail'>

const racers = 8
const toleratedSkewMs = 60_000
const plain = { contentType: 'text/plain' }

/** Whether objects can be written, read, listed and removed; works under `system/probe/` and removes what it wrote. */
export async function probeStore(store: ObjectStore): Promise<Finding[]> {
  const key = probeKey()
  const bytes = randomBytes(1024)
  return runChecks([
    {
      name: 'missing objects',
      cure: 'Allow s3:ListBucket: without it S3 answers 403 where nothing is, and a missing source cannot be told from a forbidden one.',
      run: async () => observe((await store.get(key)).outcome, 'absent'),
    },
    {
      name: 'put',
      cure: 'Allow s3:PutObject on the bucket for these credentials.',
      run: async () => observe((await store.put(key, bytes, plain)).outcome, 'stored'),
    },
    {
      name: 'get',
      cure: 'Allow s3:GetObject, and use a store that keeps bytes and user metadata as they are.',
      run: async () => {
        const result = await store.get(key)
        if (result.outcome !== 'found') return observe(result.outcome, 'found')
        const { body, metadata } = result.object
        const kept = body.equals(bytes) && metadata['halftone'] !== undefined
        return observe(kept ? 'unchanged' : 'other bytes or no metadata', 'unchanged')
      },
    },
    {
      name: 'list',
      cure: 'Allow s3:ListBucket on the bucket for these credentials.',
      run: async () => {
        for await (const object of store.list(key)) return observe(object.key, key)
        return observe('nothing', key)
      },
    },
    {
      name: 'delete',
      cure: 'Allow s3:DeleteObject on the bucket for these credentials.',
      run: async () => {
        await store.delete([key])
        return observe((await store.get(key)).outcome, 'absent')
      },
    },
  ])
}

/**
 * Whether the store honours `If-None-Match: *` and `If-Match` on writes, also when several write at once.
 * Works under `system/probe/` and removes what it wrote. All must be `ok` before records may be written.
 */
export async function probeConditionalWrites(store: ObjectStore): Promise<Finding[]> {
  const [created, raced] = [probeKey(), probeKey()]
  const cure =
    'Use a store that honours conditional writes (AWS S3, R2, MinIO, LocalStack, the origin that ships). Until then Halftone only reads.'
  return runChecks([
    { name: 'create only (If-None-Match)', cure, run: () => tryCreate(store, created) },
    { name: 'replace only a version (If-Match)', cure, run: () => tryReplace(store, created) },
    { name: 'creators racing', cure, run: () => race(store, raced, { ifNoneMatch: '*' }) },
    {
      name: 'replacers racing',
      cure,
      run: async () => {
        const current = await store.put(raced, Buffer.from('current'), plain)
        return race(store, raced, { ifMatch: etagOf(current) })
      },
    },
    {
      name: 'cleaning up',
      cure: 'Allow s3:DeleteObject on the bucket for these credentials.',
      run: async () => {
        await store.delete([created, raced])
        return { ok: true, detail: 'removed' }
      },
    },
  ])
}

/** Whether the store's clock agrees with ours; `skewMs` is how far it is ahead, if known. */
export function judgeClock(skewMs: number | undefined): Finding {
  const name = 'clock'
  if (skewMs === undefined) return { name, ok: true, detail: 'the store has not told its time' }
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1)
  const detail = `ours is ${seconds} s ${skewMs < 0 ? 'ahead of' : 'behind'} the store's`
  if (Math.abs(skewMs) <= toleratedSkewMs) return { name, ok: true, detail }
  return {
    name,
    ok: false,
    detail,
    cure: 'Set the clock by NTP: stores refuse signatures that are minutes off.',
  }
}

async function tryCreate(store: ObjectStore, key: string): Promise<Observation> {
  const first = await store.put(key, Buffer.from('first'), { ...plain, ifNoneMatch: '*' })
  const second = await store.put(key, Buffer.from('second'), { ...plain, ifNoneMatch: '*' })
  return observe(`${first.outcome}, ${second.outcome}`, 'stored, conflict')
}

async function tryReplace(store: ObjectStore, key: string): Promise<Observation> {
  const ifMatch = etagOf(await store.put(key, Buffer.from('old'), plain))
  const first = await store.put(key, Buffer.from('new'), { ...plain, ifMatch })
  const second = await store.put(key, Buffer.from('newer'), { ...plain, ifMatch })
  return observe(`${first.outcome}, ${second.outcome}`, 'stored, conflict')
}

async function race(
  store: ObjectStore,
  key: string,
  condition: { ifMatch: string } | { ifNoneMatch: '*' },
): Promise<Observation> {
  const bodies = Array.from({ length: racers }, (_, racer) => Buffer.from(`racer ${racer}`))
  const results = await Promise.all(bodies.map((body) => store.put(key, body, { ...plain, ...condition })))
  const winners = bodies.filter((_, racer) => results[racer]?.outcome === 'stored')
  const last = await store.get(key)
  const kept = winners[0] !== undefined && last.outcome === 'found' && last.object.body.equals(winners[0])
  return observe(
    `${winners.length} of ${racers} won${kept ? '' : ', its bytes are not there'}`,
    `1 of ${racers} won`,
  )
}

async function runChecks(checks: readonly Check[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { name, cure, run } of checks) {
    try {
      const { ok, detail } = await run()
      findings.push(ok ? { name, ok, detail } : { name, ok, detail, cure })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      const general = generalCure(error)
      findings.push({ name, ok: false, detail: describe(error), cure: general ?? cure })
      // Every other check would only end in the same.
      if (general !== undefined) break
    }
  }
  return findings
}

const wrongCredentials = 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of this machine.'

/** By the store's name for the failure: what no permission on the bucket would cure. */
const generalCures = new Map([
  ['NoSuchBucket', 'Create the bucket, or correct HALFTONE_BUCKET.'],
  ['InvalidBucketName', 'Correct HALFTONE_BUCKET.'],
  ['PermanentRedirect', 'Set AWS_REGION to the region of the bucket.'],
  ['AuthorizationHeaderMalformed', 'Set AWS_REGION to the region of the bucket.'],
  ['InvalidAccessKeyId', wrongCredentials],
  ['SignatureDoesNotMatch', wrongCredentials],
  ['ExpiredToken', wrongCredentials],
  ['CredentialsProviderError', wrongCredentials],
])

function generalCure(error: GatewayError): string | undefined {
  if (error.code !== 'bucket_refused') return 'Check endpoint, region and network; is the store running?'
  return error.cause instanceof Error ? generalCures.get(error.cause.name) : undefined
}

const probeKey = () => `system/probe/${randomBytes(9).toString('base64url')}`

function etagOf(result: PutResult): string {
  return result.outcome === 'stored' ? result.etag : ''
}

function observe(seen: string, expected: string): Observation {
  return seen === expected
    ? { ok: true, detail: seen }
    : { ok: false, detail: `${seen} (expected: ${expected})` }
}

function describe(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.name}: ${error.cause.message})`
    : error.message
}
