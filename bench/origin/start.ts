import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../program.ts'
import { type Credentials, presignedPath } from './presign.ts'

/** An origin that is measured. */
export interface MeasuredOrigin {
  readonly url: string
  /** Path and query of a signed request for an object. */
  sign(method: string, key: string): string
  /** Resident memory, in MB. */
  rssMb(): Promise<number>
  stop(): Promise<void>
}

const BUCKET = 'bench'
const CREDENTIALS: Credentials = { accessKeyId: 'bench', secretAccessKey: 'bench-has-no-secrets' }
const BYTES_PER_KB = 1024

/** Starts the origin with its defaults on a directory of its own. */
export async function startOrigin(directory: string, core: number | undefined): Promise<MeasuredOrigin> {
  const program = await startProgram({
    file: 'dist/origin/main.js',
    logFile: join(directory, 'origin.log'),
    core,
    environment: {
      ORIGIN_PORT: '0',
      ORIGIN_DIR: join(directory, 'origin'),
      ORIGIN_BUCKETS: BUCKET,
      ORIGIN_CREDENTIALS: `${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}`,
    },
  })
  const { url } = program
  return {
    url,
    sign: (method, key) => presignedPath({ method, url, path: `/${BUCKET}/${key}` }, CREDENTIALS),
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
