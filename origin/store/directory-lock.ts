import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from './files.ts'

/** Makes this process the one owner of a directory until the returned function is called; throws when another is. */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'lock')
  const ours = `${process.pid} ${startedAt(process.pid)}`
  if (!tryCreate(path, ours)) {
    const holder = readLock(path)
    if (isAlive(holder)) throw inUse(directory, holder)
    takeAway(path, holder, directory)
    if (!tryCreate(path, ours)) throw inUse(directory, readLock(path))
  }
  return () => {
    if (readLock(path) === ours) rmSync(path, { force: true })
  }
}

/** By a link and not by writing in place: whoever finds the lock finds it with its content. */
function tryCreate(path: string, content: string): boolean {
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  writeFileSync(draft, content, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(draft)
  }
}

/** Removes a dead process's lock, but puts it back when it turns out that another starter has just replaced it. */
function takeAway(path: string, stale: string, directory: string): void {
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  const taken = readLock(aside)
  if (taken !== stale) {
    renameSync(aside, path)
    throw inUse(directory, taken)
  }
  rmSync(aside)
}

function readLock(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function isAlive(holder: string): boolean {
  const [pid = '', started] = holder.split(' ')
  if (!/^[1-9]\d*$/.test(pid)) return false
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!hasCode(error, 'EPERM')) return false
  }
  // A number is soon used again (in a container always the same one): the time of its start tells two bearers apart.
  return started === startedAt(Number(pid))
}

/** When a process began, in ticks since boot; `unknown` where there is no `/proc`. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function inUse(directory: string, holder: string): Error {
  return new Error(
    `${directory} is in use by process ${holder.split(' ')[0] ?? ''}; one server owns a directory`,
  )
}
