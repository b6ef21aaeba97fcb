import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { answers, startProcess, stopProcess, untilReady } from '../foreign/processes.ts'
import type { Launch } from '../foreign/python-servers.ts'
import { StorageError } from './settings.ts'

const STOP_MS = 10_000
const LOOK_EVERY_MS = 100
const LINES_SHOWN = 10

/** A program that goes on when the one that started it has ended. */
export interface Background {
  readonly name: string
  /** For its log and the id of its process; its command names this directory, too. */
  readonly directory: string
}

/** Starts it, and resolves when `healthUrl` answers 200. What it said is in the error when it does not come to that. */
export async function startInBackground(
  background: Background,
  { command, env }: Launch,
  healthUrl: string,
): Promise<void> {
  const { name, directory } = background
  if (await answers(healthUrl, () => true)) {
    throw new StorageError(`${name}: something else answers at ${healthUrl}: stop it, or choose another port`)
  }
  mkdirSync(directory, { recursive: true })
  const log = openSync(logFile(background), 'w')
  const child = startProcess(command, { cwd: directory, env, log })
  closeSync(log)
  writeFileSync(pidFile(background), `${child.pid}\n`)
  try {
    await untilReady(child, () => answers(healthUrl))
    child.unref()
  } catch (error) {
    await stopProcess(child)
    rmSync(pidFile(background), { force: true })
    const said = readFileSync(logFile(background), 'utf8').trimEnd().split('\n').slice(-LINES_SHOWN)
    throw new StorageError(`${name}: ${error instanceof Error ? error.message : ''}\n${said.join('\n')}`)
  }
}

/** The id of its process, as long as that runs. */
export function runningId(background: Background): number | undefined {
  const file = pidFile(background)
  const id = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  // After a restart of the machine the id may be that of any other program.
  return id > 0 && commandOf(id).includes(background.directory) ? id : undefined
}

/** Ends it, and all that it started; `false` when it does not run. */
export async function stopInBackground(background: Background): Promise<boolean> {
  const id = runningId(background)
  if (id !== undefined) {
    process.kill(-id, 'SIGTERM')
    const deadline = Date.now() + STOP_MS
    while (runningId(background) !== undefined && Date.now() < deadline) await pause(LOOK_EVERY_MS)
    if (runningId(background) !== undefined) process.kill(-id, 'SIGKILL')
  }
  rmSync(pidFile(background), { force: true })
  return id !== undefined
}

function commandOf(id: number): string {
  const file = `/proc/${id}/cmdline`
  if (existsSync('/proc/self')) return existsSync(file) ? readFileSync(file, 'utf8') : ''
  return spawnSync('ps', ['-o', 'command=', '-p', `${id}`], { encoding: 'utf8' }).stdout
}

const pidFile = ({ name, directory }: Background) => join(directory, `${name}.pid`)
const logFile = ({ name, directory }: Background) => join(directory, `${name}.log`)
