import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { READY_MS } from './foreign-server.ts'

const STOP_MS = 5000
const LOOK_EVERY_MS = 200

/** A command and its arguments. */
export type Command = readonly [program: string, ...args: string[]]

/** Runs commands to their ends, one after the other; answers with what the first that fails says. */
export function runAll(commands: readonly Command[], timeoutMs: number): string | undefined {
  for (const [program, ...args] of commands) {
    const { error, status, stderr } = spawnSync(program, args, { timeout: timeoutMs, encoding: 'utf8' })
    if (error !== undefined) return error.message
    if (status !== 0) return stderr.trim().split('\n').at(-1) || `${program} exited with ${status}`
  }
  return undefined
}

interface StartOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** The open file that takes what it prints; the program then outlives this one. */
  readonly log?: number
}

/** Starts a program that stays; without `log` what it prints is not shown. */
export function startProcess([program, ...args]: Command, { cwd, env, log }: StartOptions): ChildProcess {
  return spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: log !== undefined,
    stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'],
  })
}

/** Waits until `isReady`; rejects when that takes too long, or when the process ends before. */
export async function untilReady(child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended at once, with ${child.exitCode}`)
    if (await isReady()) return
    await pause(LOOK_EVERY_MS)
  }
  throw new Error(`it was not ready within ${READY_MS / 1000} s`)
}

/** Whether anything answers there, with any status that `accepts`. */
export async function answers(url: string, accepts: (status: number) => boolean = isOk): Promise<boolean> {
  try {
    return accepts((await fetch(url)).status)
  } catch {
    // Nothing listens there yet.
    return false
  }
}

function isOk(status: number): boolean {
  return status === 200
}

/** Asks a process to end, and ends it when it does not. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(late)
}
