import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { StorageError, type StorageSettings } from './settings.ts'

const PROGRAM = 'dist/src/main.js'
const READY_MS = 30_000
const listening = z.object({ msg: z.literal('listening'), url: z.string() })

export interface TestGateway {
  readonly url: string
  /** A token of an administrator. */
  readonly token: string
  /** Resolves with the exit code. */
  stop(): Promise<number | null>
}

/** `halftone serve` on free ports, as anybody would start it; a `StorageError` when it does not listen. */
export async function startGateway(settings: StorageSettings): Promise<TestGateway> {
  const env = {
    ...process.env,
    ...settings.variables,
    PORT: '0',
    HALFTONE_ADMIN_PORT: '0',
    HALFTONE_JWT_SECRETS: randomBytes(24).toString('hex'),
    // Nothing is made before it is asked for.
    HALFTONE_PREPARE_QUEUE_LENGTH: '0',
  }
  const token = execFileSync(
    process.execPath,
    [PROGRAM, 'token', '--user', 'storage-test', '--role', 'admin'],
    {
      env,
      encoding: 'utf8',
    },
  ).trim()
  const child = spawn(process.execPath, [PROGRAM, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const late = setTimeout(() => child.kill(), READY_MS)
  const said: string[] = []
  try {
    for await (const line of createInterface(child.stdout)) {
      said.push(line)
      const found = listening.safeParse(parsed(line))
      if (!found.success) continue
      return {
        url: found.data.url,
        token,
        async stop() {
          const ended = once(child, 'exit')
          child.kill('SIGTERM')
          const [code] = await ended
          return typeof code === 'number' ? code : null
        },
      }
    }
  } finally {
    clearTimeout(late)
    child.stdout.resume()
  }
  throw new StorageError(`the gateway did not listen:\n${said.join('\n')}`)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Not a line of the log.
    return undefined
  }
}
