import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { onCore } from './pin.ts'

export interface ProgramOptions {
  /** Below the folder of the build. */
  readonly file: string
  /** The folder whose `dist` it is from; this repository unless said. */
  readonly build?: string | undefined
  readonly args?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Gets what it writes to standard output: a file, since whoever read a pipe would take time of the cores. */
  readonly logFile: string
  readonly core: number | undefined
}

/** A program of the build that listens. */
export interface Program {
  readonly url: string
  readonly pid: number | undefined
  /** Where its metrics are, if it has any. */
  readonly admin?: string | undefined
  /** Asks it to stop and waits until it has; kills it when it takes too long. */
  stop(): Promise<void>
}

const listening = z.object({ url: z.url(), admin: z.url().optional() })

const START_MS = 30_000
const STOP_MS = 30_000
const LOOK_EVERY_MS = 20

/** Starts a program and waits until its log says where it listens. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { build = fileURLToPath(new URL('..', import.meta.url)) } = options
  const file = join(build, options.file)
  const [command, ...args] = onCore(options.core, [process.execPath, file, ...(options.args ?? [])])
  const { PATH = '', HOME = '' } = process.env
  const environment = { PATH, HOME, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const log = await open(options.logFile, 'w')
  const child = spawn(command, args, {
    env: { ...environment, ...options.environment },
    stdio: ['ignore', log.fd, 'inherit'],
  })
  await log.close()
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const ended = once(child, 'exit').finally(() => process.off('exit', end))
  const where = await addressIn(options.logFile, () => child.exitCode === null)
  if (where === undefined) {
    end()
    throw new Error(`${options.file} does not listen: see its message above, and ${options.logFile}`)
  }
  return {
    ...where,
    pid: child.pid,
    async stop() {
      const late = setTimeout(end, STOP_MS)
      child.kill('SIGTERM')
      await ended
      clearTimeout(late)
    },
  }
}

async function addressIn(logFile: string, isRunning: () => boolean) {
  const deadline = Date.now() + START_MS
  while (isRunning() && Date.now() < deadline) {
    for (const line of (await readFile(logFile, 'utf8')).split('\n')) {
      const parsed = listening.safeParse(fromJson(line))
      if (parsed.success) return parsed.data
    }
    await pause(LOOK_EVERY_MS)
  }
  return undefined
}

function fromJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
