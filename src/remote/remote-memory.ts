import { LRUCache } from 'lru-cache'
import { GatewayError } from '../errors.ts'
import { SingleFlight } from '../sources/single-flight.ts'
import { isAway } from '../sources/last-word.ts'
import type { Source, SourceBodies } from '../sources/source.ts'
import type { GetResult } from '../storage/object-store.ts'
import type { RemotePath } from '../urls/image-request.ts'
import { sourceVersion } from '../urls/version.ts'
import { timedOut } from './failures.ts'
import type { RemoteAnswer, RemoteRequest } from './fetch-remote.ts'
import { type AnswerHeaders, freshnessMs, headerOf } from './freshness.ts'
import { conditionHeaders, etagOf, type Validators, validatorsOf } from './validators.ts'

export interface RemoteMemoryOptions {
  readonly fetch: (request: RemoteRequest) => Promise<RemoteAnswer>
  /** Memory for bodies that may be asked for again; one that is larger is fetched anew. */
  readonly memoryBytes: number
  /** How long a fetch may take in all. */
  readonly timeoutMs: number
}

/** What a source is known to be, and until when, on the clock that nobody sets, nobody is asked. */
interface Known {
  readonly source: Source | undefined
  readonly validators: Validators
  freshUntil: number
}

/** A source with the bytes that it was learnt from, where there were any. */
interface Fetched {
  readonly source: Source | undefined
  readonly bytes?: Buffer<ArrayBuffer> | undefined
}

/** The body of one path's last version. */
interface Kept {
  readonly etag: string
  readonly bytes: Buffer<ArrayBuffer>
}

/** Memory for what is known of sources, roughly; and what one entry costs beside its strings. */
const KNOWN_BYTES = 16 * 1024 * 1024
const ENTRY_BYTES = 512
/** How long it is believed that there is nothing, or nothing to be had. */
const REFUSAL_MS = 10_000
/** How long it is believed that a server is in trouble, so that not everybody asks it. */
const AWAY_MS = 1000
const MAX_FAILURES = 10_000
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+/

/** What other servers have said, remembered while it is fresh: one fetch for all who ask for the same URL. */
export class RemoteMemory implements SourceBodies {
  readonly #options: RemoteMemoryOptions
  readonly #known: LRUCache<string, Known>
  readonly #kept: LRUCache<string, Kept> | undefined
  readonly #failures = new LRUCache<string, { readonly error: GatewayError; readonly until: number }>({
    max: MAX_FAILURES,
  })
  readonly #flights: SingleFlight<Fetched>

  constructor(options: RemoteMemoryOptions) {
    this.#options = options
    this.#known = new LRUCache({
      maxSize: KNOWN_BYTES,
      sizeCalculation: ({ source }) => ENTRY_BYTES + 2 * (source?.at.path.length ?? 0) + urlLength(source),
    })
    this.#kept =
      options.memoryBytes === 0
        ? undefined
        : new LRUCache({
            maxSize: options.memoryBytes,
            sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
          })
    this.#flights = new SingleFlight(options.timeoutMs, timedOut)
  }

  /** What lies at a URL: remembered while it is fresh, else asked for, on condition that it has changed. */
  async find(path: RemotePath, signal?: AbortSignal): Promise<Source | undefined> {
    const known = this.#known.get(path.path)
    if (known !== undefined && known.freshUntil > performance.now()) return known.source
    return (await this.#fetch(path, known, signal)).source
  }

  /** The bytes of this version of a source; `changed` where the other server has another one by now. */
  async get(
    source: Source,
    { signal, maxBytes }: Parameters<SourceBodies['get']>[1] = {},
  ): Promise<GetResult> {
    if (source.at.shape !== 'remote') throw new TypeError(`${source.key} is not on another server`)
    const kept = this.#kept?.get(source.at.path)
    const bytes = kept?.etag === source.etag ? kept.bytes : undefined
    const fetched = bytes ? { source, bytes } : await this.#fetch(source.at, undefined, signal)
    if (fetched.source === undefined) return { outcome: 'absent' }
    if (fetched.source.etag !== source.etag || fetched.bytes === undefined) return { outcome: 'changed' }
    if (fetched.bytes.length > (maxBytes ?? Infinity))
      return { outcome: 'too-large', bytes: fetched.bytes.length }
    return { outcome: 'found', object: { ...source, metadata: {}, body: fetched.bytes } }
  }

  /** Drops what is known of a path, and of everything below it. */
  forget(path: string): void {
    const isMeant = (known: string) => known === path || known.startsWith(`${path}/`)
    for (const memory of [this.#known, this.#kept, this.#failures]) {
      for (const known of memory?.keys() ?? []) if (isMeant(known)) memory?.delete(known)
    }
    this.#flights.forget((key) => isMeant(key.slice(1)))
  }

  /** Drops everything that is known. */
  forgetAll(): void {
    for (const memory of [this.#known, this.#kept, this.#failures]) memory?.clear()
    this.#flights.forget(() => true)
  }

  #fetch(path: RemotePath, known: Known | undefined, signal?: AbortSignal): Promise<Fetched> {
    const failure = this.#failures.get(path.path)
    if (failure !== undefined && failure.until > performance.now()) {
      const { code, message } = failure.error
      return Promise.reject(new GatewayError(code, message))
    }
    // Who has something to compare with may be answered without bytes: no flight for those who need them.
    const key = `${known?.source === undefined ? '!' : '?'}${path.path}`
    return this.#flights.join(
      key,
      async (control) => {
        // Finished even if nobody waits: a slow server is heard in the end.
        control.commit()
        const isCurrent = () => control.current
        try {
          return await this.#learn(path, known, { signal: control.signal, isCurrent })
        } catch (error) {
          if (control.current) this.#blame(path, error)
          throw error
        }
      },
      signal,
    ).result
  }

  async #learn(
    path: RemotePath,
    known: Known | undefined,
    { signal, isCurrent }: { readonly signal: AbortSignal; readonly isCurrent: () => boolean },
  ): Promise<Fetched> {
    const conditions = known?.source === undefined ? {} : conditionHeaders(known.validators)
    const answer = await this.#options.fetch({ url: path.url, conditions, signal })
    const learnt =
      known && answer.outcome === 'unchanged'
        ? renewed(known, answer.headers)
        : read(path, answer, this.#known.get(path.path)?.source)
    if (isCurrent()) this.#remember(path, learnt)
    return learnt
  }

  #blame({ path }: RemotePath, error: unknown): void {
    // That we do too much at once is no fault of theirs.
    if (!(error instanceof GatewayError) || error.code === 'overloaded') return
    this.#failures.set(path, { error, until: performance.now() + (isAway(error) ? AWAY_MS : REFUSAL_MS) })
  }

  #remember({ path }: RemotePath, { known, source, bytes }: Learnt): void {
    this.#known.set(path, known)
    if (source === undefined) this.#kept?.delete(path)
    else if (bytes !== undefined) this.#kept?.set(path, { etag: source.etag, bytes })
  }
}

interface Learnt extends Fetched {
  readonly known: Known
}

function renewed(known: Known, headers: AnswerHeaders): Learnt {
  const { source, validators } = known
  return {
    source,
    known: { source, validators, freshUntil: performance.now() + freshnessMs(headers, Date.now()) },
  }
}

function read(path: RemotePath, answer: RemoteAnswer, before: Source | undefined): Learnt {
  if (answer.outcome === 'unchanged') {
    throw new GatewayError(
      'remote_failed',
      'The server of the source answered 304 to a request without conditions',
    )
  }
  const { headers } = answer
  if (answer.outcome !== 'found') {
    const known = { source: undefined, validators: {}, freshUntil: performance.now() + REFUSAL_MS }
    return { source: undefined, known }
  }
  const validators = validatorsOf(headers)
  const source = sourceOf(path, { headers, validators, bytes: answer.bytes }, before)
  const known = { source, validators, freshUntil: performance.now() + freshnessMs(headers, Date.now()) }
  return { source, bytes: answer.bytes, known }
}

interface Body {
  readonly headers: AnswerHeaders
  readonly validators: Validators
  readonly bytes: Buffer<ArrayBuffer>
}

function sourceOf(at: RemotePath, { headers, validators, bytes }: Body, before: Source | undefined): Source {
  const etag = etagOf(validators, bytes)
  const { lastModified } = validators
  const firstSeen = before?.etag === etag ? before.lastModified : new Date()
  return {
    at,
    key: at.path,
    etag,
    contentType:
      MEDIA_TYPE.exec(headerOf(headers, 'content-type') ?? '')?.[0].toLowerCase() ??
      'application/octet-stream',
    bytes: bytes.length,
    version: sourceVersion(etag, at.path),
    lastModified: lastModified === undefined ? firstSeen : new Date(lastModified),
    access: 'public',
    managed: false,
  }
}

const urlLength = (source: Source | undefined): number =>
  source?.at.shape === 'remote' ? source.at.url.length : 0
