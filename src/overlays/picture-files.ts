import { LRUCache } from 'lru-cache'
import { type FlightControl, SingleFlight } from '../sources/single-flight.ts'
import { GatewayError } from '../errors.ts'
import type { GetOptions, GetResult } from '../storage/object-store.ts'

export interface PictureFilesOptions {
  readonly get: (key: string, options: GetOptions) => Promise<GetResult>
  /** The largest file. */
  readonly maxBytes: number
  /** Of all files that are remembered. */
  readonly memoryBytes: number
  /** How long a file is believed not to have changed. */
  readonly ttlMs: number
  /** How long the bucket may take. */
  readonly timeoutMs: number
}

interface Remembered {
  readonly etag: string
  readonly bytes: Uint8Array
  /** On the clock that nobody sets. */
  readonly until: number
}

/** Small files of the bucket that are needed again and again, remembered for minutes. */
export class PictureFiles {
  readonly #options: PictureFilesOptions
  readonly #files: LRUCache<string, Remembered>
  readonly #flights: SingleFlight<Uint8Array | undefined>

  constructor(options: PictureFilesOptions) {
    this.#options = options
    this.#files = new LRUCache({
      maxSize: options.memoryBytes,
      sizeCalculation: ({ bytes }, key) => bytes.length + key.length + 1,
    })
    this.#flights = new SingleFlight(options.timeoutMs, () => {
      return new GatewayError('timed_out', 'The bucket took too long to hand out an overlay')
    })
  }

  /** The bytes of a file, at most minutes old; `undefined` where there is none. Throws `overlay_unusable` for one too large. */
  async find(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const known = this.#files.get(key)
    if (known !== undefined && known.until > performance.now()) return known.bytes
    return this.#flights.join(key, (control) => this.#read(key, known, control), signal).result
  }

  async #read(
    key: string,
    known: Remembered | undefined,
    { signal }: FlightControl,
  ): Promise<Uint8Array | undefined> {
    const { get, maxBytes, ttlMs } = this.#options
    const condition = known && { ifNoneMatch: known.etag }
    const result = await get(key, { maxBytes, signal, ...condition })
    const until = performance.now() + ttlMs
    if (known !== undefined && result.outcome === 'unchanged') {
      this.#files.set(key, { ...known, until })
      return known.bytes
    }
    this.#files.delete(key)
    if (result.outcome === 'too-large') {
      const message = `The file of an overlay has ${result.bytes} bytes; at most ${maxBytes} are accepted`
      throw new GatewayError('overlay_unusable', message)
    }
    if (result.outcome !== 'found') return undefined
    const { etag, body } = result.object
    this.#files.set(key, { etag, bytes: body, until })
    return body
  }
}
