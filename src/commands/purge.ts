import { forget } from '../cdn/forget.ts'
import { type Config, ConfigError } from '../config.ts'
import { parseSegments } from '../urls/target.ts'
import { useBucket, withBucket } from './bucket.ts'

/** Forgets the variants of source paths everywhere but at the edge, and says what was done. */
export async function purge(config: Config, paths: readonly string[]): Promise<void> {
  const sources = paths.map(sourcePath)
  const { variants, entry } = await useBucket(withBucket(config), (store) => forget(store, sources))
  process.stdout.write(
    `Removed ${variants} stored pictures of ${sources.join(', ')}; replicas forget within seconds (journal entry ${entry.seq}).\n`,
  )
}

/** Accepts a source path as it stands in a URL, with or without `/img/` before it and a slash behind. */
function sourcePath(text: string): string {
  const path = text.replace(/^\/?(?:img\/)?/, '').replace(/\/$/, '')
  try {
    return parseSegments(`/${path}`)
      .map((segment) => segment.text)
      .join('/')
  } catch (cause) {
    throw new ConfigError(
      `purge: ${JSON.stringify(text)} is no source path; accepted is a path such as items/42`,
      { cause },
    )
  }
}
