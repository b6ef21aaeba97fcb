import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { UndiciHttpHandler } from '@smithy/undici-http-handler'
import { Agent, type Dispatcher } from 'undici'
import { Circuit, type Passage } from '../circuit/circuit.ts'
import type { Side, SideTurn } from '../circuit/health.ts'
import { RetryBudget } from '../circuit/retry-budget.ts'
import type { EncryptionHeaders } from './s3-call.ts'
import { circuitOpen, isDeadline } from './s3-errors.ts'

/** How to reach a bucket. Everything but the bucket has a default. */
export interface S3Options {
  readonly bucket: string
  /** By default what the SDK finds in the environment and its configuration files. */
  readonly region?: string | undefined
  /** By default AWS. */
  readonly endpoint?: string | undefined
  /** By default the SDK's chain: environment, configuration files, container and instance roles. */
  readonly credentials?: S3Credentials | undefined
  readonly forcePathStyle?: boolean
  /** Sockets at most. */
  readonly connections?: number
  /** How long an idle socket is kept. */
  readonly keepAliveMs?: number
  readonly connectTimeoutMs?: number
  /** From the request to the head of its answer. */
  readonly headersTimeoutMs?: number
  /** Between two pieces of a body. */
  readonly bodyTimeoutMs?: number
  /** A whole call, with its retries. */
  readonly callTimeoutMs?: number
  /** The first included. */
  readonly maxAttempts?: number
  /** What every write asks for; by default nothing: the bucket's own setting holds. */
  readonly encryption?: Encryption | undefined
  /** For a program that somebody waits for: every call is sent, and what fails is tried again without a narrow budget. */
  readonly isPatient?: boolean
  /** Told when the circuit of reads or of writes opens, and when it is closed again. */
  readonly onTurn?: ((turn: SideTurn) => void) | undefined
}

/** Encryption at rest: with keys of the store, or of a key service, where no id means the key that is kept for S3. */
export type Encryption = { readonly by: 's3' } | { readonly by: 'kms'; readonly keyId?: string | undefined }

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What holds where `S3Options` says nothing. */
export const s3Defaults = {
  forcePathStyle: false,
  connections: 128,
  keepAliveMs: 10_000,
  connectTimeoutMs: 2_000,
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  callTimeoutMs: 10_000,
  maxAttempts: 3,
} as const

/** A client of the SDK with sockets of its own. */
export interface S3Connection {
  readonly client: S3Client
  /** What all calls over these sockets pass through. */
  readonly circuits: Readonly<Record<Side, Circuit>>
  /** What all repeated attempts are paid from. */
  readonly retries: RetryBudget
  /** How far the store's clock is ahead of ours, by its last answer. */
  readonly clockSkewMs: () => number | undefined
  /** Ends all sockets; later calls fail. */
  readonly close: () => void
}

/** What every write of a bucket carries. */
export function encryptionHeaders(encryption: Encryption | undefined): EncryptionHeaders {
  if (encryption === undefined) return {}
  if (encryption.by === 's3') return { ServerSideEncryption: 'AES256' }
  const { keyId } = encryption
  // With a key of the bucket, objects do not each ask the key service.
  return {
    ServerSideEncryption: 'aws:kms',
    BucketKeyEnabled: true,
    ...(keyId !== undefined && { SSEKMSKeyId: keyId }),
  }
}

/** Connects to nothing yet: sockets and credentials come with the first call. */
export function createS3Connection(options: S3Options): S3Connection {
  const settings = { ...s3Defaults, ...options }
  const agent = new Agent({
    connections: settings.connections,
    pipelining: 1,
    keepAliveTimeout: settings.keepAliveMs,
    connect: { timeout: settings.connectTimeoutMs },
    headersTimeout: settings.headersTimeoutMs,
    bodyTimeout: settings.bodyTimeoutMs,
  })
  const { isPatient = false, onTurn } = options
  const never = isPatient ? { failures: Infinity } : {}
  const circuitOf = (side: Side) => new Circuit({ ...never, onTurn: (turn) => onTurn?.({ ...turn, side }) })
  const circuits = { reads: circuitOf('reads'), writes: circuitOf('writes') }
  const retries = new RetryBudget(isPatient ? { capacity: PATIENT_RETRIES } : {})
  const handler = new GuardedHandler(agent.compose(keepAfterHead), circuits)
  const client = new S3Client({
    requestHandler: handler,
    forcePathStyle: settings.forcePathStyle,
    maxAttempts: settings.maxAttempts,
    retryStrategy: createRetryStrategy(settings.maxAttempts, retries),
    // Checksums in trailers break many stores; our own is in the metadata of every object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Given as undefined these would hide what the SDK finds by itself.
    ...(options.region !== undefined && { region: options.region }),
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: { ...options.credentials } }),
  })
  return {
    client,
    circuits,
    retries,
    clockSkewMs: () => handler.skewMs,
    // Not client.destroy(): after it the handler would go on with undici's global dispatcher, which has no timeouts.
    close: () => agent.destroy(() => {}),
  }
}

/** undici gives up a connection after a HEAD, for servers that answer one with a body; no store of S3 does. */
const keepAfterHead: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options.method === 'HEAD' ? { ...options, reset: false } : options, handler)

type RetryStrategy = Exclude<NonNullable<S3ClientConfig['retryStrategy']>, { retry: unknown }>
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>

/** The longest pause by chance before the first retry; doubles with each one more. A store that is too busy is given longer. */
const PAUSE_MS = 50
const BUSY_PAUSE_MS = 500
const MAX_PAUSE_MS = 20_000
/** Retries that a program may save up. */
const PATIENT_RETRIES = 500

const tokenOf = (retryCount: number, delayMs: number): RetryToken => ({
  getRetryCount: () => retryCount,
  getRetryDelay: () => delayMs,
})

/** The SDK's own rule of what is tried again, on a budget that others share. */
function createRetryStrategy(maxAttempts: number, retries: RetryBudget): RetryStrategy {
  return {
    async acquireInitialRetryToken() {
      retries.deposit()
      return tokenOf(0, 0)
    },
    async refreshRetryTokenForRetry(token, { errorType, retryAfterHint }) {
      const count = token.getRetryCount()
      const isTransient = errorType === 'TRANSIENT' || errorType === 'THROTTLING'
      if (!isTransient || count + 1 >= maxAttempts || !retries.take()) throw new Error('Not tried again')
      const baseMs = errorType === 'THROTTLING' ? BUSY_PAUSE_MS : PAUSE_MS
      const pauseMs = Math.floor(Math.random() * Math.min(MAX_PAUSE_MS, baseMs * 2 ** count))
      // The store's own wish, within reason.
      const wishedMs = Math.min((retryAfterHint?.getTime() ?? 0) - Date.now(), pauseMs + 5_000)
      return tokenOf(count + 1, Math.max(pauseMs, wishedMs))
    },
    recordSuccess() {},
  }
}

type Handle = UndiciHttpHandler['handle']
type Answer = Awaited<ReturnType<Handle>>

/** Caller's deadlines that were shorter say nothing of the store. */
const PATIENCE_MS = 1_000
/** What a store answers with that cannot, whatever it is asked. */
const UNABLE: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

/** Sends by way of two circuits, and notes the difference of the clocks from the `Date` of each answer. */
class GuardedHandler extends UndiciHttpHandler {
  skewMs: number | undefined
  readonly #circuits: S3Connection['circuits']

  constructor(dispatcher: Dispatcher, circuits: S3Connection['circuits']) {
    super({ dispatcher })
    this.#circuits = circuits
  }

  override async handle(...[request, options]: Parameters<Handle>): Promise<Answer> {
    const side = request.method === 'GET' || request.method === 'HEAD' ? 'reads' : 'writes'
    const passage = this.#circuits[side].enter(`${request.method} ${request.path}`)
    if (passage === undefined) throw circuitOpen()
    const sentAt = Date.now()
    const startedAt = performance.now()
    try {
      const answer = await super.handle(request, options)
      this.#noteClock(answer, sentAt)
      if (UNABLE.has(answer.response.statusCode)) passage.fail()
      else passage.succeed()
      return answer
    } catch (error) {
      judgeFailure(passage, options?.abortSignal, performance.now() - startedAt)
      throw error
    }
  }

  #noteClock({ response }: Answer, sentAt: number): void {
    const date = Date.parse(response.headers['date'] ?? '')
    // A Date is cut to whole seconds: on average it is half a second old.
    if (!Number.isNaN(date)) this.skewMs = Math.round(date + 500 - (sentAt + Date.now()) / 2)
  }
}

/** Without the head of an answer the store is away; unless the caller was, before it could be known. */
function judgeFailure(
  passage: Passage,
  signal: { readonly aborted: boolean; readonly reason?: unknown } | undefined,
  lastedMs: number,
): void {
  if (!signal?.aborted || (isDeadline(signal.reason) && lastedMs >= PATIENCE_MS)) passage.fail()
  else passage.leave()
}
