import type { Config } from '../config.ts'
import { AskedPurges, type AskedPurgesOptions } from '../purging/asked-purges.ts'
import { isAllowedSource } from '../remote/allowed-sources.ts'
import { createNativeDialect } from '../urls/native-dialect.ts'

/** Purges that people ask for, through the API or on the command line. */
export function createAskedPurges(config: Config, parts: Omit<AskedPurgesOptions, 'dialect'>): AskedPurges {
  // What a path is the picture of is told without its signature.
  const dialect = createNativeDialect({ presets: config.HALFTONE_PRESETS, signingKeys: [] })
  const mayBeSource = (url: URL) => isAllowedSource(url, config.HALFTONE_REMOTE_SOURCES)
  return new AskedPurges({ ...parts, dialect: { ...dialect, mayBeSource } })
}
