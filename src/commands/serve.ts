import type { Config } from '../config.ts'
import { yieldToMainThread } from '../machine/helper-threads.ts'
import { serveBucket } from '../running/serve-bucket.ts'
import { untilStopped } from '../running/until-stopped.ts'

/** The gateway alone, until it is told to stop; a `ConfigError` without a bucket. */
export async function serve(config: Config): Promise<void> {
  const gateway = await serveBucket(config)
  yieldToMainThread(config.HALFTONE_WORKER_NICENESS)
  const signal = await untilStopped()
  gateway.log.info({ signal }, 'stopping')
  await gateway.close()
  gateway.log.info('stopped')
}
