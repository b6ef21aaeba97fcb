import { openBucket } from '../composition/bucket.ts'
import { createTransport } from '../composition/transport.ts'
import { type Config, ConfigError } from '../config.ts'
import { createLog, type Logger } from '../telemetry/log.ts'
import { recordTurns } from '../telemetry/recorders.ts'
import type { GatewayOptions } from '../gateway.ts'
import { showingPage } from './demo-page.ts'
import { runGateway } from './run-gateway.ts'

/** A gateway on a bucket, with its own connections to it. */
export interface ServedBucket {
  readonly url: string
  readonly adminUrl: string
  readonly log: Logger
  /** Finishes requests and writes, then closes everything. */
  close(): Promise<void>
}

/** What a program that runs a gateway gives to it beside its configuration. */
export type Brought = Pick<GatewayOptions, 'faceDetector'>

/** Serves the bucket that `HALFTONE_BUCKET` names; a `ConfigError` without one. */
export async function serveBucket(config: Config, brought: Brought = {}): Promise<ServedBucket> {
  const { HALFTONE_BUCKET: bucket } = config
  if (bucket === undefined) {
    throw new ConfigError(
      'HALFTONE_BUCKET: name the bucket to serve from ("halftone start" brings one of its own to try things out)',
    )
  }
  const log = createLog(config.HALFTONE_LOG_LEVEL)
  const store = openBucket(config, bucket, { onTurn: recordTurns(log) })
  try {
    const { health } = store
    const transport = createTransport(config, log, store)
    const demoPage = config.HALFTONE_DEMO_PAGE ? showingPage : undefined
    const gateway = await runGateway({ ...brought, config, log, transport, health, demoPage }, store)
    return {
      url: gateway.url,
      adminUrl: gateway.adminUrl,
      log,
      async close() {
        await gateway.close()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}
