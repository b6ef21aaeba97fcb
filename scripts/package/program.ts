import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The samples are painted first, and a busy machine takes its time. */
const READY_MS = 300_000

/** Any ports that are free. */
export const FREE_PORTS = { PORT: '0', ORIGIN_PORT: '0', HALFTONE_ADMIN_PORT: '0' }

/** `npx halftone …`, running. */
export interface StartedProgram {
  /** What the expression that said it is ready has in its first parentheses. */
  readonly found: string
  /** The first line, of those already printed or still to come, that matches. */
  line(expected: RegExp): Promise<string>
  /** Ends it as Ctrl-C does; resolves when it has ended with all that it has started. */
  stop(): Promise<void>
}

/** Runs `npx halftone` with these arguments until a line says that it is ready; rejects when none does in time. */
export async function startProgram(
  directory: string,
  args: readonly string[],
  ready: RegExp,
  environment: Readonly<Record<string, string>> = FREE_PORTS,
): Promise<StartedProgram> {
  const child = spawn('npx', ['halftone', ...args], {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, as a terminal makes one: npx hands on no signal.
    detached: true,
  })
  const line = createLines(child)
  const found = ready.exec(await line(ready))?.[1] ?? ''
  return { found, line, stop: () => stop(child) }
}

function createLines(child: ChildProcess): (expected: RegExp) => Promise<string> {
  const lines: string[] = []
  const waiting: { expected: RegExp; resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  if (child.stdout === null) throw new TypeError('Its output is not piped')
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    for (const { expected, resolve } of waiting) if (expected.test(line)) resolve(line)
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`It ended with ${code}:\n${lines.join('\n')}`))
  })
  return async (expected) => {
    const known = lines.find((line) => expected.test(line))
    if (known !== undefined) return known
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Never said: ${expected}`)
    const timer = setTimeout(() => interrupt(child), READY_MS)
    return new Promise<string>((resolve, reject) => waiting.push({ expected, resolve, reject })).finally(() =>
      clearTimeout(timer),
    )
  }
}

async function stop(child: ChildProcess): Promise<void> {
  // Its output ends when the last that holds it has ended, and not with npx.
  const ended = once(child, 'close')
  interrupt(child)
  await ended
}

function interrupt({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGINT')
}
