import { GatewayError } from '../errors.ts'
import type { Clock } from '../leases/clock.ts'
import type { BucketEvents } from './bucket-events.ts'
import type { BucketChange } from './change.ts'
import type { MessageQueue, QueueMessage } from './message-queue.ts'

export interface QueueReaderOptions {
  readonly queue: MessageQueue
  readonly events: BucketEvents
  readonly clock: Pick<Clock, 'pause'>
  /** Called with a message that is no notification. It stays, for the queue to put aside. */
  readonly onUnreadable: (id: string, error: GatewayError) => void
  /** Called with what keeps messages from being received, carried out or removed: they come again. */
  readonly onFailure: (error: unknown) => void
}

/** The longest that SQS lets a receiver wait. */
const WAIT_S = 20
/** The most that the queue gives at once. */
const A_RECEIPT = 10
/** Messages that share a purge, where so many wait. */
const MESSAGES_AT_ONCE = 200
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000

interface Received {
  readonly messages: readonly QueueMessage[]
  readonly changes: readonly BucketChange[]
}

/** Takes notifications from a queue, and removes each when what it tells of is purged. */
export class QueueReader {
  readonly #options: QueueReaderOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #failures = 0

  constructor(options: QueueReaderOptions) {
    this.#options = options
  }

  /** Reads on until `close`. */
  start(): void {
    this.#running = this.#run()
  }

  /** Ends the wait for messages; what has been received is carried out. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Receives what waits and carries it out; how many messages were removed. Throws what went wrong. */
  async read(): Promise<number> {
    const { queue, events } = this.#options
    const { messages, changes } = this.#understand(await this.#receive())
    await events.take(changes)
    const left = await queue.remove(messages)
    if (left.length > 0)
      throw new Error(`${left.length} messages could not be removed from the queue, and come again`)
    return messages.length
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.read()
        this.#failures = 0
      } catch (error) {
        if (signal.aborted) return
        this.#options.onFailure(error)
        await this.#pause()
      }
    }
  }

  async #receive(): Promise<readonly QueueMessage[]> {
    const { queue } = this.#options
    const { signal } = this.#stop
    const received = [...(await queue.receive({ waitS: WAIT_S, signal }))]
    let last = received.length
    // A full answer: more may lie there.
    while (last === A_RECEIPT && received.length < MESSAGES_AT_ONCE) {
      const more = await queue.receive({ waitS: 0 })
      received.push(...more)
      last = more.length
    }
    return received
  }

  #understand(received: readonly QueueMessage[]): Received {
    const messages: QueueMessage[] = []
    const changes: BucketChange[] = []
    for (const message of received) {
      try {
        changes.push(...this.#options.events.read(message.body))
        messages.push(message)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        this.#options.onUnreadable(message.id, error)
      }
    }
    return { messages, changes }
  }

  async #pause(): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    try {
      await this.#options.clock.pause(longest * (0.5 + 0.5 * Math.random()), this.#stop.signal)
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }
}
