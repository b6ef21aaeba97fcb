import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Config, ConfigError } from '../config.ts'

/** The compiled program of the origin, beside `src` in the build. */
const ORIGIN_PROGRAM = fileURLToPath(new URL('../../origin/main.js', import.meta.url))

const BUCKET = 'halftone'

const listening = z.object({ url: z.url() })

export interface LocalOrigin {
  /** The variables that lead to its bucket. */
  readonly variables: ReturnType<typeof localBucket>
  /** Resolves with the exit code when it has ended by itself. */
  readonly ended: Promise<number | null>
  stop(): Promise<void>
}

/** Starts the origin that ships as a process of its own: they meet over HTTP only. Rejects when it cannot listen. */
export async function startLocalOrigin(config: Config): Promise<LocalOrigin> {
  const credentials = config.ORIGIN_CREDENTIALS ?? keptCredentials(config)
  writeFileSync(secretsFile(config), `${credentials}\n`, { mode: 0o600 })
  const child = spawn(process.execPath, [ORIGIN_PROGRAM], {
    // A Ctrl-C goes to the whole group of the terminal; the origin has to outlive the gateway's last write.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...config.environment,
      ORIGIN_PORT: `${config.ORIGIN_PORT}`,
      ORIGIN_DIR: join(config.HALFTONE_DATA_DIR, 'origin'),
      ORIGIN_CREDENTIALS: credentials,
      ORIGIN_BUCKETS: BUCKET,
      // It ends with this pipe, however this process ends.
      ORIGIN_STOP_WITH_STDIN: '1',
    },
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const first = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended,
  ])
  if (typeof first !== 'string') {
    throw new ConfigError(`The origin did not start (exit code ${first}): see its message above`)
  }
  const { url } = listening.parse(JSON.parse(first))
  return {
    variables: localBucket(url, credentials),
    ended,
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

/** The file with the credentials of the local origin, `key:secret`. */
export function secretsFile(config: Config): string {
  return join(config.HALFTONE_DATA_DIR, 'origin-credentials')
}

/** The variables that lead to the bucket of an origin; of several credentials the first are used. */
export function localBucket(url: string, credentials: string) {
  const [id = '', secret = ''] = (credentials.trim().split(',')[0] ?? '').split(/:(.*)/s)
  return {
    HALFTONE_BUCKET: BUCKET,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    HALFTONE_S3_FORCE_PATH_STYLE: 'true',
  }
}

function keptCredentials(config: Config): string {
  mkdirSync(config.HALFTONE_DATA_DIR, { recursive: true, mode: 0o700 })
  const file = secretsFile(config)
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  return `halftone-${randomBytes(4).toString('hex')}:${randomBytes(24).toString('base64url')}`
}
