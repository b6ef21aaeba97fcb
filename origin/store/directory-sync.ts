import { type Files, useFile } from './files.ts'

/** Brings a directory's names to the disk; calls that come while one is under way share the next. */
export class DirectorySync {
  readonly #files: Files
  readonly #path: string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(files: Files, path: string) {
    this.#files = files
    this.#path = path
  }

  /** Resolves when an fsync that began after the call has ended. */
  async sync(): Promise<void> {
    if (this.#running === undefined) return this.#start()
    // The one under way may have begun before the caller's change, so it does not count.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#start()
      })
    return this.#next
  }

  #start(): Promise<void> {
    this.#running = useFile(this.#files, this.#path, 'r', (directory) => directory.sync()).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }
}
