import { once } from 'node:events'
import { Redis } from 'iovalkey'

/** Where it is said that the count is away, or back. */
export interface SharedCountLog {
  info(text: string): void
  warn(details: object, text: string): void
}

/** A shared count that takes longer than this is not worth the wait. */
const COMMAND_TIMEOUT_MS = 500
const CONNECT_TIMEOUT_MS = 2_000
const MAX_RECONNECT_DELAY_MS = 5_000

/** The connection to a count that replicas share; it is made again whenever it is lost, and says so once each time. */
export class SharedCount {
  readonly client: Redis
  readonly #log: SharedCountLog
  #isAway = false

  constructor(url: string, log: SharedCountLog) {
    this.#log = log
    this.client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (attempt) => Math.min(attempt * 200, MAX_RECONNECT_DELAY_MS),
    })
    this.client.on('error', (error: Error) => this.#setAway(error))
    this.client.on('ready', () => this.#setBack())
  }

  /** Resolves once it is reached. */
  async ready(): Promise<void> {
    if (this.client.status !== 'ready') await once(this.client, 'ready')
  }

  /** What the shared count says, or while it is away what is known here. */
  async orElse<T>(ask: () => Promise<T>, here: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask()
      this.#setBack()
      return answer
    } catch (error) {
      this.#setAway(error)
      return here()
    }
  }

  close(): void {
    this.client.disconnect()
  }

  #setAway(err: unknown): void {
    if (!this.#isAway) this.#log.warn({ err }, 'limits are counted in memory: the shared count is away')
    this.#isAway = true
  }

  #setBack(): void {
    if (this.#isAway) this.#log.info('limits are counted together again')
    this.#isAway = false
  }
}
