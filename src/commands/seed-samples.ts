import type { Config } from '../config.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Puts the sample items and profiles into a bucket that does not have them yet. */
export async function seedSamples(
  store: ObjectStore,
  config: Config,
  say: (line: string) => void,
): Promise<void> {}
