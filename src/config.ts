import { z } from 'zod'
import { apiSettings, hostedSettings } from './settings/api.ts'
import { bucketSettings } from './settings/bucket.ts'
import { bucketEventSettings } from './settings/bucket-events.ts'
import { cdnSettings, distributionSettings, purgingSettings } from './settings/cdn.ts'
import { clamdSettings } from './settings/clamd.ts'
import { cloudflareSettings } from './settings/cloudflare.ts'
import { deliveryContradictions, deliverySettings } from './settings/delivery.ts'
import { identitySettings } from './settings/identity.ts'
import { figuresSettings, librarySettings, limitSettings } from './settings/limits.ts'
import { remoteContradictions, remoteSettings } from './settings/remote.ts'
import { renderingContradictions, renderingSettings } from './settings/rendering.ts'
import { list, megabytes, originSecret, port, prefix, secret, whole } from './settings/types.ts'
import { uploadSettings } from './settings/uploads.ts'
import { webhookSettings } from './settings/webhook.ts'
import { LOG_LEVELS } from './telemetry/log.ts'
import { parsePresets } from './transform/presets.ts'
import type { RenderingSettings } from './transform/rendering-settings.ts'
import { SIZE_POLICIES } from './transform/size-policy.ts'

/** Every variable that Halftone reads: what is accepted, and what holds where it is not set. */
const variables = z.object({
  PORT: port(8080),
  HALFTONE_HOST: z.string().default('127.0.0.1'),
  HALFTONE_ADMIN_PORT: port(9090),
  HALFTONE_ADMIN_HOST: z.string().default('127.0.0.1'),
  HALFTONE_DATA_DIR: z.string().default('./data'),
  ORIGIN_PORT: port(9000),
  ORIGIN_CREDENTIALS: z
    .string()
    .regex(/^[^:,]+:[^,]+(?:,[^:,]+:[^,]+)*$/, 'key:secret, more of them after commas')
    .optional(),

  ...bucketSettings,
  HALFTONE_SOURCES: list.pipe(z.array(prefix).min(1)).default(['items/', 'profiles/']),
  HALFTONE_SIZES: z.enum(SIZE_POLICIES, { error: SIZE_POLICIES.join(', ') }).default('ladder'),
  HALFTONE_PRESETS: z.string().default('').transform(presets),
  HALFTONE_SIGNING_KEYS: list.pipe(z.array(secret)).default([]),
  HALFTONE_ORIGIN_SECRETS: list.pipe(z.array(originSecret)).default([]),
  HALFTONE_AVIF_MAX_SIDE: whole(1_600, 0, 16_384),
  ...distributionSettings,

  HALFTONE_MEMORY_MB: megabytes(256, 0, 1_000_000),
  HALFTONE_LOOKUP_TTL_MS: whole(3_000, 0, 60_000),
  HALFTONE_LOOKUP_CONCURRENCY: whole(32, 1, 1_000),
  HALFTONE_LOOKUP_QUEUE_LENGTH: whole(1_024, 0, 100_000),
  HALFTONE_JOURNAL_INTERVAL_MS: whole(2_000, 50, 60_000),
  HALFTONE_JOURNAL_MAX_LAG_MS: whole(6_000, 100, 600_000),

  HALFTONE_WORKERS: whole(0, 0, 256),
  HALFTONE_WORKER_NICENESS: whole(15, 0, 19),
  HALFTONE_WORKER_MAX_MB: megabytes(1_024, 64, 100_000),
  HALFTONE_RENDER_MEMORY_MB: megabytes(0, 0, 1_000_000),
  HALFTONE_WORKER_LIMIT_MB: megabytes(3_072, 128, 100_000),
  HALFTONE_QUEUE_LENGTH: whole(64, 0, 100_000),
  HALFTONE_QUEUE_WAIT_MS: whole(4_000, 10, 60_000),
  HALFTONE_FETCH_MB: megabytes(256, 1, 100_000),
  HALFTONE_FETCH_TIMEOUT_MS: whole(5_000, 100, 60_000),
  HALFTONE_RENDER_TIMEOUT_MS: whole(10_000, 100, 60_000),
  HALFTONE_REQUEST_TIMEOUT_MS: whole(15_000, 100, 120_000),
  HALFTONE_WRITE_QUEUE_LENGTH: whole(512, 1, 100_000),
  HALFTONE_WRITE_CONCURRENCY: whole(8, 1, 256),

  HALFTONE_MAX_SOURCE_MB: megabytes(50, 1, 1_000),
  HALFTONE_MAX_MEGAPIXELS: whole(100, 1, 10_000).transform((count) => count * 1_000_000),
  HALFTONE_MAX_SIDE: whole(16_384, 16, 65_535),

  ...remoteSettings,
  ...deliverySettings,
  ...cloudflareSettings,
  ...cdnSettings,
  ...purgingSettings,
  ...renderingSettings,
  ...apiSettings,
  ...hostedSettings,
  ...limitSettings,
  ...identitySettings,
  ...uploadSettings,
  ...webhookSettings,
  ...clamdSettings,
  ...bucketEventSettings,
  ...librarySettings,
  ...figuresSettings,

  HALFTONE_LOG_LEVEL: z.enum(LOG_LEVELS, { error: LOG_LEVELS.join(', ') }).default('info'),
  HALFTONE_LOG_HITS_EVERY: whole(100, 0, 1_000_000),
  HALFTONE_DRAIN_DELAY_MS: whole(0, 0, 120_000),
  HALFTONE_GRACE_MS: whole(25_000, 100, 600_000),
})

/** The settings of one program run, checked as a whole and never changed afterwards. */
export type Config = Readonly<z.infer<typeof variables>> & {
  /** What render workers may inherit from; they see an allow-list of it. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The names of all variables, for the documentation's test. */
export const variableNames: readonly string[] = Object.keys(variables.shape)

/** The faults of an environment, all at once: a line each, with the variable, its value and what is accepted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** The settings that an environment asks for; a `ConfigError` names everything that is wrong with it. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // A variable that is set to nothing is not set: compose files and manifests do that.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = variables.safeParse(set)
  const faults = [
    ...unknownNames(set),
    ...(parsed.success
      ? contradictions(parsed.data)
      : parsed.error.issues.map(
          ({ path, message }) => `${shown(String(path[0]), set)}: accepted is ${message}`,
        )),
  ]
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults.join('\n'))
  return Object.freeze({ ...parsed.data, environment })
}

/** The settings of this process, some of them overridden: the only place that reads its environment. */
export function readConfig(overrides: Readonly<Record<string, string>> = {}): Config {
  return parseConfig({ ...process.env, ...overrides })
}

/** Keeps the AWS SDK from announcing on every start that it will give up this Node one day. */
export function quietSdk(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}

function unknownNames(set: Record<string, unknown>): string[] {
  return Object.keys(set)
    .filter((name) => name.startsWith('HALFTONE_') && !variableNames.includes(name))
    .map((name) => `${name}: there is no such setting`)
}

/** What the operator has decided about all pictures. */
export function renderingOf(config: Config): RenderingSettings {
  return {
    crop: config.HALFTONE_CROP,
    background: config.HALFTONE_BACKGROUND,
    keepsP3: config.HALFTONE_KEEP_P3,
    linearLight: config.HALFTONE_LINEAR_RESIZE,
    keepsGainMap: config.HALFTONE_KEEP_GAIN_MAP,
    keepsCopyright: config.HALFTONE_KEEP_COPYRIGHT,
    keepsGps: config.HALFTONE_KEEP_GPS,
    tellsShot: config.HALFTONE_INFO_EXIF,
  }
}

function contradictions(config: z.infer<typeof variables>): string[] {
  const faults = [
    ...deliveryContradictions(config),
    ...remoteContradictions(config),
    ...renderingContradictions(config),
  ]
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = config
  if ((id === undefined) !== (key === undefined)) {
    faults.push('AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both, or none to use the role of this machine')
  }
  if (config.HALFTONE_S3_KMS_KEY_ID !== undefined && config.HALFTONE_S3_SSE !== 'kms') {
    faults.push('HALFTONE_S3_KMS_KEY_ID: is used with HALFTONE_S3_SSE=kms only')
  }
  if (config.HALFTONE_SIZES === 'signed' && config.HALFTONE_SIGNING_KEYS.length === 0) {
    faults.push('HALFTONE_SIGNING_KEYS: HALFTONE_SIZES=signed needs at least one key')
  }
  if (config.HALFTONE_WEBHOOK_URL !== undefined && config.HALFTONE_WEBHOOK_SECRETS.length === 0) {
    faults.push('HALFTONE_WEBHOOK_SECRETS: HALFTONE_WEBHOOK_URL needs at least one secret')
  }
  if (config.HALFTONE_JWT_JWKS_URL !== undefined && config.HALFTONE_JWT_ISSUER === undefined) {
    faults.push('HALFTONE_JWT_ISSUER: HALFTONE_JWT_JWKS_URL needs the issuer whose tokens are meant')
  }
  const { HALFTONE_CLOUDFLARE_ACCOUNT: account, HALFTONE_CLOUDFLARE_ACCOUNT_HASH: hash } = config
  if (account !== undefined && hash === undefined) {
    faults.push('HALFTONE_CLOUDFLARE_ACCOUNT_HASH: HALFTONE_CLOUDFLARE_ACCOUNT needs what URLs begin with')
  }
  for (const name of ['HALFTONE_ITEM_PHOTO_PRESETS', 'HALFTONE_PROFILE_PHOTO_PRESETS'] as const) {
    const unknown = config[name].filter((preset) => !config.HALFTONE_PRESETS.has(preset))
    if (unknown.length > 0) faults.push(`${name}: there is no preset ${unknown.join(', ')}`)
  }
  return faults
}

function shown(name: string, set: Record<string, unknown>): string {
  const value = set[name]
  if (value === undefined) return name
  return /KEY|SECRET|TOKEN|CREDENTIALS|WEBHOOK_URL/.test(name)
    ? `${name} (set, not shown)`
    : `${name}=${JSON.stringify(value)}`
}

function presets(text: string, context: z.RefinementCtx) {
  try {
    return parsePresets(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    context.addIssue({ code: 'custom', message: `presets such as card=400,hero=1600x900: ${message}` })
    return z.NEVER
  }
}
