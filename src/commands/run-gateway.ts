import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts'
import { listen, type RunningServer } from '../http/server.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { probeConditionalWrites } from '../storage/probe.ts'
import type { Logger } from '../telemetry/log.ts'

export interface RunningGateway extends Gateway {
  readonly url: string
  readonly adminUrl: string
  /** Not ready at once; requests and bucket writes are finished, then everything is closed. */
  close(): Promise<void>
}

/** Listens on both ports and follows the journal; resolves when requests are taken. */
export async function runGateway(options: GatewayOptions, store: ObjectStore): Promise<RunningGateway> {
  const { config, log } = options
  const gateway = await createGateway(options, store)
  await gateway.journal.start()
  const admin = await listen(gateway.adminApp, {
    host: config.HALFTONE_ADMIN_HOST,
    port: config.HALFTONE_ADMIN_PORT,
  })
  const main = await listen(gateway.app, { host: config.HALFTONE_HOST, port: config.PORT })
  log.info({ url: main.url, admin: admin.url }, 'listening')
  const probed = warnOfUnsafeWrites(store, log)
  return {
    ...gateway,
    url: main.url,
    adminUrl: admin.url,
    async close() {
      await probed
      await stop(gateway, config, { main, admin })
    },
  }
}

/** Reading goes on where a store ignores conditions; whoever changes records has to know. */
async function warnOfUnsafeWrites(store: ObjectStore, log: Logger): Promise<void> {
  const findings = await probeConditionalWrites(store)
  for (const { name, detail, cure } of findings.filter(({ ok }) => !ok)) {
    log.error({ name, detail, cure }, 'the bucket does not honour conditional writes')
  }
}

async function stop(
  gateway: Gateway,
  config: Config,
  { main, admin }: { main: RunningServer; admin: RunningServer },
): Promise<void> {
  gateway.readiness.drain()
  // Time for load balancers to notice, while requests still come in.
  await pause(config.HALFTONE_DRAIN_DELAY_MS)
  await main.close(config.HALFTONE_GRACE_MS)
  await gateway.writeBack.drain()
  await gateway.journal.close()
  await gateway.pool.close()
  await admin.close(0)
}
