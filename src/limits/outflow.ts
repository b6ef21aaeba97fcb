import type { Readable } from 'node:stream'
import { GatewayError } from '../errors.ts'
import { Bound } from './bound.ts'

export interface OutflowOptions {
  /** Files that are handed out at once; each holds a connection to the bucket until its last byte is taken. */
  readonly maxStreams: number
  /** How long a client may take nothing. */
  readonly idleTimeoutMs: number
}

/**
 * Hands files out as fast as clients take them. Those who take nothing lose theirs, and all together never hold every
 * connection to the bucket: pictures and records need some as well.
 */
export class Outflow {
  readonly #bound: Bound
  readonly #idleTimeoutMs: number

  constructor({ maxStreams, idleTimeoutMs }: OutflowOptions) {
    this.#bound = new Bound(maxStreams, 'files are being read')
    this.#idleTimeoutMs = idleTimeoutMs
  }

  /** What `open` opens, as the body of an answer; throws `overloaded` at once when too many are being taken. */
  async stream(open: () => Promise<Readable>): Promise<ReadableStream<Uint8Array>> {
    const leave = this.#bound.enter()
    try {
      const body = await open()
      body.once('close', leave)
      return whileTaken(body, this.#idleTimeoutMs)
    } catch (error) {
      leave()
      throw error
    }
  }
}

/** The same bytes, each piece when it is asked for. */
function whileTaken(body: Readable, idleTimeoutMs: number): ReadableStream<Uint8Array> {
  const pieces: AsyncIterator<Buffer> = body[Symbol.asyncIterator]()
  // Whoever reads is told; where nobody reads any more there is nobody to tell.
  body.on('error', () => undefined)
  let idle: NodeJS.Timeout | undefined
  const wait = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    idle = setTimeout(() => {
      controller.error(new GatewayError('client_gone', `The client took nothing for ${idleTimeoutMs} ms`))
      body.destroy()
    }, idleTimeoutMs)
  }
  return new ReadableStream<Uint8Array>(
    {
      start: wait,
      async pull(controller) {
        clearTimeout(idle)
        const piece = await pieces.next()
        if (piece.done) return controller.close()
        controller.enqueue(piece.value)
        wait(controller)
      },
      cancel() {
        clearTimeout(idle)
        body.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
