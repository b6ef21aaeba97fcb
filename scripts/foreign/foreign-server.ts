/** An S3 server that we did not write: how it is had, and what it is known not to do. */
export interface ForeignServer {
  /** As in the table of differences. */
  readonly name: string
  readonly accessKey: string
  readonly secret: string
  /** What the contracts of storage and transfers are not asked of it. */
  readonly lacks: readonly string[]
  /** Names of suites that are not run on it, with the reason. */
  readonly without?: Readonly<Record<string, string>>
  /** Installs what is missing; answers with why that cannot be done. */
  install(directory: string): string | undefined
  /** Starts it on a loopback port with an empty store. Rejects when it does not become ready. */
  start(port: number, directory: string): Promise<RunningServer>
}

export interface RunningServer {
  stop(): Promise<void>
}

/** A server has this long to answer. */
export const READY_MS = 60_000
