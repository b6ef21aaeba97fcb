import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCredentials } from './origin-config.ts'
import { hasCode } from './store/files.ts'

/** Random credentials that a directory keeps in a file for its owner alone: read, or made when there are none. */
export function keptCredentials(directory: string): {
  file: string
  credentials: ReadonlyMap<string, string>
} {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'credentials')
  try {
    const pair = `${randomBytes(10).toString('hex').toUpperCase()}:${randomBytes(30).toString('base64url')}`
    writeFileSync(file, `${pair}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  return { file, credentials: parseCredentials(readFileSync(file, 'utf8').trim()) }
}
