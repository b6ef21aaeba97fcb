import { Exchange, statusOf } from './exchange.ts'

/** What one connection is to do. */
export interface AskerOptions {
  readonly host: string
  readonly port: number
  /** Whole request heads, sent one after the other, round and round. */
  readonly requests: readonly Buffer[]
  /** Called with each answer; `false` ends the connection. */
  readonly onAnswer: (status: number, ms: number) => boolean
}

/** One keep-alive connection that always has one request under way. */
export class Asker {
  readonly #options: AskerOptions
  readonly #exchange: Exchange
  /** Whether all that was asked has been answered. */
  readonly ended: Promise<boolean>
  #isDone = false
  #asked = 0
  #askedAt = 0

  constructor(options: AskerOptions) {
    this.#options = options
    const { host, port } = options
    this.#exchange = new Exchange({ host, port, onAnswer: (head) => this.#take(head) })
    this.ended = this.#exchange.closed.then(() => this.#isDone)
    this.#ask()
  }

  /** Ends the connection, answered or not. */
  close(): void {
    this.#exchange.close()
  }

  #ask(): void {
    const { requests } = this.#options
    const request = requests[this.#asked % requests.length]
    this.#asked += 1
    this.#askedAt = performance.now()
    if (request !== undefined) this.#exchange.send(request)
  }

  #take(head: string): void {
    this.#isDone = !this.#options.onAnswer(statusOf(head), performance.now() - this.#askedAt)
    if (this.#isDone) this.close()
    else this.#ask()
  }
}
