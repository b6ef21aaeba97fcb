import type { Ticket, UploadResult } from './answers.ts'
import type { Upload, UploaderOptions, UploadOptions, UploadState, UploadTarget } from './contract.ts'
import { piecesOf, slice, transferOf } from './pieces.ts'
import {
  type Api,
  type Gate,
  isFinal,
  type Retries,
  retry,
  send,
  type SendOptions,
  UploadError,
} from './requests.ts'

export interface SessionOptions extends Retries, Pick<SendOptions, 'stallMs'> {
  readonly file: File
  readonly target: UploadTarget
  readonly onProgress: UploadOptions['onProgress']
  readonly api: Api
  readonly transfers: Gate
  readonly storage: UploaderOptions['storage'] | null
  /** Names of the files that are on their way: the same one once more is an upload of its own. */
  readonly underWay: Set<string>
}

/** One file, from its ticket to its completion. */
export class Session {
  readonly #options: SessionOptions
  readonly #name: string
  readonly #storage: SessionOptions['storage']
  readonly #stop = new AbortController()
  /** Bytes sent, by piece. */
  readonly #sent = new Map<number, number>()
  readonly #isFirst: boolean
  #state: UploadState = 'preparing'
  #ticket: Ticket | undefined
  #renewal: Promise<void> | undefined
  #isCancelled = false
  #leftover: unknown

  constructor(options: SessionOptions) {
    const { file, target, underWay } = options
    const { kind, ownerId, photoId = '', documentType = '' } = target
    const parts = ['halftone', kind, ownerId, photoId, documentType, file.name, file.size, file.lastModified]
    this.#options = options
    this.#name = parts.join('/')
    this.#isFirst = !underWay.has(this.#name)
    this.#storage = this.#isFirst ? options.storage : null
    underWay.add(this.#name)
  }

  start(files: Gate): Upload {
    const { file, underWay } = this.#options
    const result = this.#run(files)
    const ended = result.then(
      () => undefined,
      () => undefined,
    )
    if (this.#isFirst) void ended.then(() => underWay.delete(this.#name))
    return {
      file,
      result,
      cancel: async () => {
        if (this.#state === 'preparing' || this.#state === 'sending') {
          this.#isCancelled = true
          this.#stop.abort(new UploadError('cancelled', 'The upload was cancelled'))
        }
        await ended
        if (this.#leftover !== undefined) throw this.#leftover
      },
    }
  }

  async #run(files: Gate): Promise<UploadResult> {
    try {
      const work = async () => (await this.#open()) ?? this.#sendAll()
      const result = await files(work, this.#stop.signal)
      this.#forget()
      this.#tell('done')
      return result
    } catch (error) {
      // The pieces beside the one that failed.
      this.#stop.abort(error)
      if (this.#isCancelled) await this.#discard()
      if (isFinal(error)) this.#forget()
      throw error
    }
  }

  /** Gets the ticket: that of before a reload, or a new one. A result when nothing is left to do. */
  async #open(): Promise<UploadResult | undefined> {
    const { signal } = this.#stop
    const kept = this.#kept
    if (kept !== null) {
      const path = `/uploads/${kept}`
      this.#ticket = await unlessRefused(this.#options.api<Ticket>({ method: 'GET', path, signal }))
      if (this.#ticket !== undefined) return undefined
      // Perhaps it was completed, and only the answer was lost.
      const result = await unlessRefused(this.#complete(kept))
      if (result !== undefined) return result
    }
    // Not stopped by a cancel: what it begins has to be known in order to be removed.
    this.#ticket = await this.#begin()
    this.#storage?.setItem(this.#name, this.#ticket.uploadId)
    signal.throwIfAborted()
    return undefined
  }

  #begin(): Promise<Ticket> {
    const { api, file, target } = this.#options
    const contentType = file.type || 'application/octet-stream'
    const idempotencyKey = [...crypto.getRandomValues(new Uint32Array(4))].join('-')
    const body = { ...target, fileName: file.name, contentType, bytes: file.size }
    return api<Ticket>({ method: 'POST', path: '/uploads', body, idempotencyKey })
  }

  async #sendAll(): Promise<UploadResult> {
    const ticket = this.#current
    const { file } = this.#options
    if ('parts' in ticket) {
      const { partBytes, arrived } = ticket
      for (const piece of arrived) this.#sent.set(piece, slice(file, piece, partBytes).size)
    }
    this.#tell('sending')
    await Promise.all(piecesOf(ticket).map((piece) => this.#sendPiece(piece)))
    this.#stop.signal.throwIfAborted()
    this.#tell('completing')
    return this.#complete(ticket.uploadId)
  }

  async #sendPiece(piece: number): Promise<void> {
    const { signal } = this.#stop
    let stale: Ticket | undefined
    await retry(this.#options, signal, async () => {
      if (stale !== undefined) await this.#renew(stale)
      stale = undefined
      const ticket = this.#current
      try {
        await this.#sendOnce(ticket, piece)
      } catch (error) {
        // What the bucket refuses or cuts off may have expired; what it could not do just now has not.
        if (error instanceof UploadError && error.status < 500) stale = ticket
        throw error
      }
    })
  }

  async #sendOnce(ticket: Ticket, piece: number): Promise<void> {
    const { transfers, stallMs, file } = this.#options
    const { signal } = this.#stop
    const transfer = transferOf(ticket, piece, file)
    const count = (bytes: number) => {
      this.#sent.set(piece, bytes)
      this.#tell('sending')
    }
    // A place is held only while bytes flow, not during the pauses.
    if (transfer !== undefined)
      await transfers(() => send(transfer, { signal, stallMs, onSent: count }), signal)
    count('parts' in ticket ? slice(file, piece, ticket.partBytes).size : file.size)
  }

  /** New URLs, asked for once by all the pieces whose URLs were of this ticket. */
  async #renew(stale: Ticket): Promise<void> {
    if (this.#ticket !== stale) return
    this.#renewal ??= this.#askAgain(stale.uploadId)
    await this.#renewal
  }

  async #askAgain(uploadId: string): Promise<void> {
    const { signal } = this.#stop
    try {
      this.#ticket = await this.#options.api<Ticket>({ method: 'GET', path: `/uploads/${uploadId}`, signal })
    } finally {
      this.#renewal = undefined
    }
  }

  /** Without the signal of a cancel: from here on the gateway decides. */
  #complete(uploadId: string): Promise<UploadResult> {
    return this.#options.api<UploadResult>({ method: 'POST', path: `/uploads/${uploadId}/complete` })
  }

  /** Removes what a cancelled upload has brought; what cannot be removed is told to whoever cancelled. */
  async #discard(): Promise<void> {
    const uploadId = this.#ticket?.uploadId ?? this.#kept
    if (uploadId === null) return
    this.#forget()
    try {
      await this.#options.api({ method: 'DELETE', path: `/uploads/${uploadId}` })
    } catch (error) {
      if (!isFinal(error)) this.#leftover = error
    }
  }

  get #current(): Ticket {
    if (this.#ticket === undefined) throw new Error('There is no ticket yet')
    return this.#ticket
  }

  get #kept(): string | null {
    return this.#storage?.getItem(this.#name) ?? null
  }

  #forget(): void {
    this.#storage?.removeItem(this.#name)
  }

  #tell(state: UploadState): void {
    const { file, onProgress } = this.#options
    this.#state = state
    const sum = [...this.#sent.values()].reduce((sum, bytes) => sum + bytes, 0)
    // The frame of a form counts as sent too; nobody wants to see it.
    onProgress?.({ state, sentBytes: Math.min(sum, file.size), totalBytes: file.size })
  }
}

/** What the API says; nothing when it refuses for good. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isFinal(error)) return undefined
    throw error
  }
}
