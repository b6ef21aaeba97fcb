import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../program.ts'
import type { Stage } from '../stage.ts'
import { presignedPath } from './presign.ts'

/** An origin that is measured. */
export interface MeasuredOrigin {
  readonly url: string
  /** Path and query of a signed request for an object. */
  sign(method: string, key: string): string
  /** Resident memory, in MB. */
  rssMb(): Promise<number>
  stop(): Promise<void>
}

const BYTES_PER_KB = 1024

export interface OriginOptions {
  /** Of its own. */
  readonly directory: string
  readonly core: number | undefined
}

/** Starts the origin of a build with its defaults; its bucket and credentials are named as those of the stage. */
export async function startOrigin(
  { build, bucket: { bucket, credentials } }: Stage,
  { directory, core }: OriginOptions,
): Promise<MeasuredOrigin> {
  const program = await startProgram({
    file: 'dist/origin/main.js',
    logFile: join(directory, 'origin.log'),
    core,
    build,
    environment: {
      ORIGIN_PORT: '0',
      ORIGIN_DIR: join(directory, 'origin'),
      ORIGIN_BUCKETS: bucket,
      ORIGIN_CREDENTIALS: `${credentials.accessKeyId}:${credentials.secretAccessKey}`,
    },
  })
  const { url } = program
  return {
    url,
    sign: (method, key) => presignedPath({ method, url, path: `/${bucket}/${key}` }, credentials),
    rssMb: () => residentMb(program.pid),
    stop: () => program.stop(),
  }
}

/** 0 where there is no `/proc`. */
async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return (Number(kilobytes) * BYTES_PER_KB) / 1e6
}
