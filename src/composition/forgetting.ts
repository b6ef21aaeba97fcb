import type { RemoteSources } from '../remote/remote-sources.ts'
import { JournalReader } from '../sources/journal-reader.ts'
import type { Sources } from '../sources/sources.ts'
import { VARIANT_TREES, variantsBelow } from '../urls/variant-key.ts'
import type { VariantStock } from '../variants/variant-stock.ts'
import type { VariantStore } from '../variants/variant-store.ts'
import type { CoreOptions } from './core.ts'

interface Memory {
  readonly sources: Sources
  readonly variants: VariantStore
  readonly stock: VariantStock
  readonly remote: RemoteSources
  readonly forget: Forget
}

/** Drops from memory what is known of paths and of everything below them. */
type Forget = (paths: readonly string[]) => void

/** Makes all memory forget what lies below paths. */
export function createForget({ sources, variants, stock, remote }: Omit<Memory, 'forget'>): Forget {
  return (paths) => {
    for (const path of paths) {
      sources.forget(path)
      remote.forget(path)
    }
    const prefixes = VARIANT_TREES.flatMap((tree) => paths.map((path) => variantsBelow(path, tree)))
    variants.forget(prefixes)
    stock.forget(prefixes)
  }
}

/** The reader of the journal, which makes memory forget what others have changed. */
export function createJournalReader(
  { config, log, store, onHeard }: Pick<CoreOptions, 'config' | 'log' | 'store' | 'onHeard'>,
  { sources, variants, stock, remote, forget }: Memory,
) {
  return new JournalReader({
    store,
    intervalMs: config.HALFTONE_JOURNAL_INTERVAL_MS,
    timeoutMs: config.HALFTONE_S3_TIMEOUT_MS,
    maxLagMs: config.HALFTONE_JOURNAL_MAX_LAG_MS,
    onChange: (paths) => {
      log.info({ paths }, 'forgetting')
      forget(paths)
      onHeard?.()
    },
    onGap: () => {
      log.warn('entries of the journal were missed: forgetting everything')
      sources.forgetAll()
      remote.forgetAll()
      variants.forgetAll()
      stock.forget([''])
    },
    onFailure: (err) => log.warn({ err }, 'the journal cannot be read'),
  })
}
