import { connect, type Socket } from 'node:net'

/** What one connection is to do. */
export interface AskerOptions {
  readonly host: string
  readonly port: number
  /** Whole request heads, sent one after the other, round and round. */
  readonly requests: readonly Buffer[]
  /** Called with each answer; `false` ends the connection. */
  readonly onAnswer: (status: number, ms: number) => boolean
}

const HEAD_END = Buffer.from('\r\n\r\n')
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)\r\n/i
/** One for all: what is in it has been counted before the next read fills it. */
const received = Buffer.alloc(256 * 1024)

/**
 * One keep-alive connection that always has one request under way. It looks at the status and the length of an answer
 * and drops the rest unread, so that the server's core is full before the load's is.
 */
export class Asker {
  readonly #options: AskerOptions
  readonly #socket: Socket
  /** Whether all that was asked has been answered. */
  readonly ended: Promise<boolean>
  #isDone = false
  #asked = 0
  #askedAt = 0
  #status = 0
  /** Bytes of the body that are still to come; `undefined` before the head has been read. */
  #missing: number | undefined
  #head = Buffer.alloc(0)

  constructor(options: AskerOptions) {
    this.#options = options
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: { buffer: received, callback: (length) => this.#receive(length) },
    })
    this.ended = new Promise((resolve) => this.#socket.once('close', () => resolve(this.#isDone)))
    this.#socket.once('error', () => this.#socket.destroy())
    this.#ask()
  }

  /** Ends the connection, answered or not. */
  close(): void {
    this.#socket.destroy()
  }

  #ask(): void {
    const { requests } = this.#options
    const request = requests[this.#asked % requests.length]
    this.#asked += 1
    this.#askedAt = performance.now()
    if (request !== undefined) this.#socket.write(request)
  }

  #receive(length: number): boolean {
    const rest = this.#missing === undefined ? this.#readHead(received.subarray(0, length)) : length
    if (this.#missing === undefined) return true
    this.#missing -= rest
    if (this.#missing > 0) return true
    this.#missing = undefined
    this.#isDone = !this.#options.onAnswer(this.#status, performance.now() - this.#askedAt)
    if (this.#isDone) this.close()
    else this.#ask()
    return true
  }

  /** How many bytes of `piece` belong to the body. */
  #readHead(piece: Buffer): number {
    const all = this.#head.length === 0 ? piece : Buffer.concat([this.#head, piece])
    const end = all.indexOf(HEAD_END)
    if (end === -1) {
      this.#head = Buffer.from(all)
      return 0
    }
    const head = all.toString('latin1', 0, end + 2)
    this.#head = Buffer.alloc(0)
    this.#status = Number(head.slice(9, 12))
    const [, length] = CONTENT_LENGTH.exec(head) ?? []
    if (length === undefined && this.#status !== 304) throw new Error(`No length in ${head}`)
    this.#missing = Number(length ?? 0)
    return all.length - end - HEAD_END.length
  }
}
