import { type Config, ConfigError } from '../config.ts'
import { openBucket } from '../composition/bucket.ts'
import { createTransport } from '../composition/transport.ts'
import { createLog } from '../telemetry/log.ts'
import { showingPage } from '../running/demo-page.ts'
import { runGateway } from '../running/run-gateway.ts'
import { untilStopped } from '../running/until-stopped.ts'

/** The gateway alone, until it is told to stop; a `ConfigError` without a bucket. */
export async function serve(config: Config): Promise<void> {
  const { HALFTONE_BUCKET: bucket } = config
  if (bucket === undefined) {
    throw new ConfigError(
      'HALFTONE_BUCKET: name the bucket to serve from ("halftone start" brings one of its own to try things out)',
    )
  }
  const log = createLog(config.HALFTONE_LOG_LEVEL)
  const store = openBucket(config, bucket)
  const transport = createTransport(config, log, store)
  const demoPage = config.HALFTONE_DEMO_PAGE ? showingPage : undefined
  const gateway = await runGateway({ config, log, transport, demoPage }, store)
  const signal = await untilStopped()
  log.info({ signal }, 'stopping')
  await gateway.close()
  store.close()
  log.info('stopped')
}
