import type {
  BucketAdministration,
  BucketEncryption,
  BucketSetting,
  CORSRule,
  LifecycleRule,
  LoggingEnabled,
} from '../storage/bucket-administration.ts'
import { tlsOnly, withStatement } from './bucket-policy.ts'

/** What an operator decides about a bucket. */
export interface SetupOptions {
  readonly bucket: string
  /** Pages that upload from a browser, as origins (`https://shop.example`). */
  readonly origins: readonly string[]
  readonly encryption: BucketEncryption
  /** Whether the bucket is spoken to by TLS; a policy that demands it would shut everybody else out. */
  readonly isOverTls: boolean
  /** The bucket that takes the access log; without it there is none. */
  readonly logBucket?: string | undefined
  /** For how long what was replaced or deleted can be brought back. */
  readonly recoveryDays: number
  /** After how many days originals go to storage for rare access; without it they stay where they are. */
  readonly archiveAfterDays?: number | undefined
}

/** What came of one step; `would`: it was only looked at. */
export interface StepResult {
  readonly name: string
  readonly outcome: 'done' | 'already' | 'would' | 'unsupported' | 'left out'
  readonly detail: string
}

interface Step {
  readonly name: string
  readonly detail: (options: SetupOptions) => string
  /** Why it does not apply. */
  readonly obstacle?: (options: SetupOptions) => string | undefined
  readonly look: (bucket: BucketAdministration, options: SetupOptions) => Promise<Look>
}

/** Whether all is as it should be, else what makes it so. */
type Look = 'already' | 'unsupported' | (() => Promise<'done' | 'unsupported'>)

/** Everything that a bucket needs, in order. What others have set there beside it stays. */
const STEPS: readonly Step[] = [
  {
    name: 'privacy',
    detail: () => 'no policy and no ACL can make it public',
    look: ({ privacy }) => settle(privacy, () => true),
  },
  {
    name: 'encryption',
    detail: ({ encryption: { algorithm, kmsKeyId } }) =>
      `at rest by ${algorithm}${kmsKeyId === undefined ? '' : ` with ${kmsKeyId}`}`,
    look: ({ encryption }, { encryption: wanted }) => settle(encryption, () => wanted),
  },
  {
    name: 'TLS',
    detail: () => 'requests without TLS are denied by its policy',
    obstacle: ({ isOverTls }) => (isOverTls ? undefined : 'the endpoint is spoken to without TLS'),
    look: ({ policy }, { bucket }) => settle(policy, (now) => withStatement(now, tlsOnly(bucket))),
  },
  {
    name: 'versioning',
    detail: () => 'what is replaced or deleted can be brought back',
    look: ({ versioning }) => settle(versioning, () => 'Enabled'),
  },
  {
    name: 'access logging',
    detail: ({ logBucket, bucket }) => `requests are written to ${logBucket}, under ${bucket}/`,
    obstacle: ({ logBucket, bucket }) => {
      if (logBucket === undefined) return 'no bucket for the log: name one with --log-bucket'
      return logBucket === bucket ? 'a bucket that takes its own log logs the log: name another' : undefined
    },
    look: ({ logging }, options) => settle(logging, (now) => logInto(options, now)),
  },
  {
    name: 'CORS',
    detail: ({ origins }) => `uploads from ${origins.join(', ')}`,
    obstacle: ({ origins }) =>
      origins.length > 0 ? undefined : 'no page uploads: name its origin with --origin',
    look: ({ cors }, { origins }) => settle(cors, (now = []) => merged<CORSRule>(now, [corsRule(origins)])),
  },
  {
    name: 'lifecycle',
    detail: ({ recoveryDays, archiveAfterDays }) =>
      `unfinished uploads go after a day, replaced versions after ${recoveryDays} days` +
      (archiveAfterDays === undefined ? '' : `, originals are archived after ${archiveAfterDays} days`),
    // After versioning: a store without it refuses a rule about versions.
    look: async ({ lifecycle, versioning }, options) => {
      const ours = lifecycleRules(options, (await versioning.get()) === 'Enabled')
      return settle(lifecycle, (now = []) => merged<LifecycleRule>(now, ours))
    },
  },
]

/** Looks at every step and, with `writes`, carries out what is missing; a second time there is nothing left to do. */
export async function setUpBucket(
  bucket: BucketAdministration,
  options: SetupOptions,
  writes: boolean,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  for (const step of STEPS) results.push(await takeStep(step, bucket, options, writes))
  return results
}

async function takeStep(
  { name, detail, obstacle, look }: Step,
  bucket: BucketAdministration,
  options: SetupOptions,
  writes: boolean,
): Promise<StepResult> {
  const why = obstacle?.(options)
  if (why !== undefined) return { name, outcome: 'left out', detail: why }
  const found = await look(bucket, options)
  const outcome = typeof found === 'string' ? found : writes ? await found() : 'would'
  return {
    name,
    outcome,
    detail: outcome === 'unsupported' ? 'this store does not have it' : detail(options),
  }
}

async function settle<Value>(
  setting: BucketSetting<Value>,
  toWanted: (now: Value | undefined) => Value,
): Promise<Look> {
  const now = await setting.get()
  // A setting whose values are names has none that is called so.
  if (now === 'unsupported') return 'unsupported'
  const wanted = toWanted(now)
  return isSame(now, wanted) ? 'already' : () => setting.put(wanted)
}

/** By what they say, in whatever order a store gives it back; what is empty or undefined says nothing. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other))
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]),
  )
}

const OURS = 'halftone-'

/** Our rules beside those of others, which keep their place. */
function merged<Rule extends { ID?: string | undefined }>(
  now: readonly Rule[],
  ours: readonly Rule[],
): Rule[] {
  return [...now.filter(({ ID }) => ID?.startsWith(OURS) !== true), ...ours]
}

/** Lets pages of these origins send files; what they may send is decided by the URLs that were signed for them. */
export function corsRule(origins: readonly string[]): CORSRule {
  return {
    ID: `${OURS}uploads`,
    AllowedOrigins: [...origins],
    AllowedMethods: ['PUT', 'POST'],
    AllowedHeaders: ['*'],
    // A browser that uploads parts has to read it.
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 3_600,
  }
}

/** What others have said of the log, such as how its keys are made, stays. */
function logInto({ logBucket, bucket }: SetupOptions, now: LoggingEnabled | undefined): LoggingEnabled {
  return { ...now, TargetBucket: logBucket, TargetPrefix: `${bucket}/` }
}

/** What the store removes and archives by itself. */
export function lifecycleRules(
  options: Pick<SetupOptions, 'recoveryDays' | 'archiveAfterDays'>,
  hasVersions: boolean,
): LifecycleRule[] {
  const { recoveryDays, archiveAfterDays } = options
  const rules: LifecycleRule[] = [
    {
      ID: `${OURS}uploads`,
      Status: 'Enabled',
      Filter: { Prefix: 'temp/' },
      Expiration: { Days: 1 },
    },
    {
      ID: `${OURS}unfinished`,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
    },
  ]
  if (hasVersions) {
    rules.push({
      ID: `${OURS}recovery`,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      NoncurrentVersionExpiration: { NoncurrentDays: recoveryDays },
    })
  }
  if (archiveAfterDays === undefined) return rules
  const archive = (prefix: string): LifecycleRule => ({
    ID: `${OURS}archive-${prefix.replace('/', '')}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    // Read at once when a size is asked for that is not stored yet.
    Transitions: [{ Days: archiveAfterDays, StorageClass: 'GLACIER_IR' }],
  })
  return [...rules, archive('items/'), archive('profiles/')]
}
