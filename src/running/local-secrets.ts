import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'

/** Variables whose values `npm start` makes once and keeps, each in a file of its own beside the origin's data. */
const KEPT = { HALFTONE_JWT_SECRETS: 'jwt-secret', HALFTONE_ACCESS_KEYS: 'access-key' } as const

type Kept = keyof typeof KEPT

/** The secrets of the gateway of `npm start` that the environment does not set; made now if they are not there yet. */
export function makeLocalSecrets(config: Config): Partial<Record<Kept, string>> {
  mkdirSync(config.HALFTONE_DATA_DIR, { recursive: true, mode: 0o700 })
  for (const name of missingIn(config)) {
    const file = fileOf(config, name)
    if (!existsSync(file)) {
      // Never over one that is there: tokens and links that were given out would end with it.
      writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    }
  }
  return keptLocalSecrets(config)
}

/** The same, but only those that have been made. */
export function keptLocalSecrets(config: Config): Partial<Record<Kept, string>> {
  const made = missingIn(config).filter((name) => existsSync(fileOf(config, name)))
  return Object.fromEntries(made.map((name) => [name, readFileSync(fileOf(config, name), 'utf8').trim()]))
}

function missingIn(config: Config): readonly Kept[] {
  return (['HALFTONE_JWT_SECRETS', 'HALFTONE_ACCESS_KEYS'] as const).filter(
    (name) => config[name].length === 0,
  )
}

function fileOf(config: Config, name: Kept): string {
  return join(config.HALFTONE_DATA_DIR, KEPT[name])
}
