import { connect, type Socket } from 'node:net'

export interface ExchangeOptions {
  readonly host: string
  readonly port: number
  /** Called with the head of each answer, up to its last line, when the whole body has come too. */
  readonly onAnswer: (head: string) => void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)\r\n/i
/** One for all: what is in it has been counted before the next read fills it. */
const received = Buffer.alloc(256 * 1024)

/**
 * One keep-alive connection with at most one request under way. It looks at the head of an answer and drops the rest
 * unread, so that the server's core is full before the load's is.
 */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #socket: Socket
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>
  #head = ''
  /** Bytes of the body that are still to come; `undefined` before the head has been read. */
  #missing: number | undefined
  #begun = Buffer.alloc(0)

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: { buffer: received, callback: (length) => this.#receive(length) },
    })
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.once('error', () => this.#socket.destroy())
  }

  /** Sends a whole request; not before the last one has been answered. */
  send(request: Buffer): void {
    this.#socket.write(request)
  }

  /** Ends the connection, answered or not. */
  close(): void {
    this.#socket.destroy()
  }

  #receive(length: number): boolean {
    const rest = this.#missing === undefined ? this.#readHead(received.subarray(0, length)) : length
    if (this.#missing === undefined) return true
    this.#missing -= rest
    if (this.#missing > 0) return true
    this.#missing = undefined
    this.#options.onAnswer(this.#head)
    return true
  }

  /** How many bytes of `piece` belong to the body. */
  #readHead(piece: Buffer): number {
    const all = this.#begun.length === 0 ? piece : Buffer.concat([this.#begun, piece])
    const end = all.indexOf(HEAD_END)
    if (end === -1) {
      this.#begun = Buffer.from(all)
      return 0
    }
    this.#head = all.toString('latin1', 0, end + 2)
    this.#begun = Buffer.alloc(0)
    const [, length] = CONTENT_LENGTH.exec(this.#head) ?? []
    if (length === undefined && statusOf(this.#head) !== 304) throw new Error(`No length in ${this.#head}`)
    this.#missing = Number(length ?? 0)
    return all.length - end - HEAD_END.length
  }
}

/** The status in the head of an answer. */
export function statusOf(head: string): number {
  return Number(head.slice(9, 12))
}
