import { isBucketName } from './store/store.ts'

/** What the environment says, checked. */
export interface OriginConfig {
  readonly port: number
  readonly host: string
  readonly directory: string
  /** Secrets by access key; `undefined`: the ones kept in the directory. */
  readonly credentials: ReadonlyMap<string, string> | undefined
  readonly region: string
  readonly buckets: readonly string[]
  readonly stopWithStdin: boolean
  readonly logRequests: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** A configuration, or everything that is wrong with it: each fault names its variable and what is accepted. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: OriginConfig }
  | { readonly ok: false; readonly faults: readonly string[] }

/** Reads the `ORIGIN_…` variables; an empty one counts as missing. */
export function parseConfig(environment: Environment): ParsedConfig {
  const faults: string[] = []
  const read = <Value>(name: string, fallback: Value, parse: (text: string) => Value): Value => {
    const text = environment[name] ?? ''
    if (text === '') return fallback
    try {
      return parse(text)
    } catch (error) {
      // A secret must not come back in a message, so the value is shown for the others only.
      const shown = name === 'ORIGIN_CREDENTIALS' ? '' : ` ${JSON.stringify(text)}`
      faults.push(`${name}${shown}: ${error instanceof Error ? error.message : ''}`)
      return fallback
    }
  }
  const config: OriginConfig = {
    port: read('ORIGIN_PORT', 9000, parsePort),
    host: read('ORIGIN_HOST', '127.0.0.1', parseWord),
    directory: read('ORIGIN_DIR', './data/origin', (text) => text),
    credentials: read('ORIGIN_CREDENTIALS', undefined, parseCredentials),
    region: read('ORIGIN_REGION', 'us-east-1', parseRegion),
    buckets: read('ORIGIN_BUCKETS', [], parseBuckets),
    stopWithStdin: read('ORIGIN_STOP_WITH_STDIN', false, parseSwitch),
    logRequests: read('ORIGIN_LOG', false, parseLog),
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, config }
}

/** Reads `key:secret[,key:secret…]`; throws with what is accepted. */
export function parseCredentials(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of text.split(',')) {
    const match = /^([\w.-]{3,128}):([\x21-\x7e]{8,128})$/.exec(pair.trim())
    const [, accessKey, secret] = match ?? []
    if (accessKey === undefined || secret === undefined || pairs.has(accessKey)) throw new Error(CREDENTIALS)
    pairs.set(accessKey, secret)
  }
  return pairs
}

const CREDENTIALS =
  'must be key:secret[,key:secret…], each key once, of 3 to 128 characters [A-Za-z0-9_.-], each secret of 8 to 128 visible characters without a comma'

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new Error('must be a port from 0 (any free one) to 65535')
}

function parseWord(text: string): string {
  if (/^\S+$/.test(text)) return text
  throw new Error('must be an address or a host name')
}

function parseRegion(text: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(text)) return text
  throw new Error('must be a region such as us-east-1')
}

function parseBuckets(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every(isBucketName)) return names
  throw new Error('must be names of buckets with commas between: 3 to 63 of a-z, 0-9, "-" and "."')
}

function parseSwitch(text: string): boolean {
  if (text === '1' || text === '0') return text === '1'
  throw new Error('must be 1 or 0')
}

function parseLog(text: string): boolean {
  if (text === 'requests' || text === 'errors') return text === 'requests'
  throw new Error('must be requests or errors')
}
