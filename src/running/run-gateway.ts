import { setTimeout as pause } from 'node:timers/promises'
import { workerCount } from '../composition/pool.ts'
import { type Config, ConfigError } from '../config.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts'
import { listen, type RunningServer, type ServerOptions } from '../http/server.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { probeConditionalWrites } from '../storage/probe.ts'
import { Figures } from '../telemetry/figures.ts'
import type { Logger } from '../telemetry/log.ts'
import { connectionRoom } from '../machine/connection-room.ts'

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
  const { main, admin } = await listenOnBoth(gateway, config)
  gateway.library?.start()
  gateway.edge.start()
  const figures = createFigures(gateway, config, log)
  figures?.start()
  log.info({ url: main.url, admin: admin.url }, 'listening')
  const probed = warnOfUnsafeWrites(store, log)
  return {
    ...gateway,
    url: main.url,
    adminUrl: admin.url,
    async close() {
      await stop(gateway, config, { main, admin, probed })
      figures?.stop()
    },
  }
}

function createFigures(
  { metrics: { registry } }: Gateway,
  { HALFTONE_EMF_NAMESPACE: namespace }: Config,
  log: Logger,
): Figures | undefined {
  return namespace === undefined ? undefined : new Figures({ namespace, registry, log })
}

/** Listens on both ports or on none: where one cannot be had, what the gateway has begun is ended. */
async function listenOnBoth(gateway: Gateway, config: Config) {
  const begun: { close(graceMs: number): Promise<void> }[] = [gateway.pool]
  try {
    const admin = await listenOn('HALFTONE_ADMIN_PORT', gateway.adminApp, {
      host: config.HALFTONE_ADMIN_HOST,
      port: config.HALFTONE_ADMIN_PORT,
    })
    begun.push(admin)
    const main = await listenOn('PORT', gateway.app, {
      host: config.HALFTONE_HOST,
      port: config.PORT,
      limits: {
        maxConnections: Math.min(config.HALFTONE_MAX_CONNECTIONS, connectionRoom(workerCount(config))),
        maxUnsentBytes: config.HALFTONE_UNSENT_MB,
      },
    })
    return { main, admin }
  } catch (error) {
    gateway.limits.close()
    await Promise.all([gateway.journal.close(), ...begun.map((part) => part.close(0))])
    throw error
  }
}

/** Listens, or says which variable names the address that cannot be had. */
async function listenOn(
  variable: string,
  app: Gateway['app'],
  options: ServerOptions,
): Promise<RunningServer> {
  try {
    return await listen(app, options)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`${variable}=${options.port}: cannot listen there (${reason}); set another`, {
      cause,
    })
  }
}

/** Reading goes on where a store ignores conditions; whoever changes records has to know. */
async function warnOfUnsafeWrites(store: ObjectStore, log: Logger): Promise<void> {
  const findings = await probeConditionalWrites(store)
  for (const { name, detail, cure } of findings.filter(({ ok }) => !ok)) {
    log.error({ name, detail, cure }, 'the bucket failed a check of its conditional writes')
  }
}

/** Of the time for stopping, what requests may take: one slow upload must not leave writes to the bucket none. */
const REQUESTS_SHARE = 0.6

async function stop(
  gateway: Gateway,
  config: Config,
  { main, admin, probed }: { main: RunningServer; admin: RunningServer; probed: Promise<void> },
): Promise<void> {
  gateway.readiness.drain()
  main.drain()
  // Time for load balancers to notice, while requests still come in.
  await pause(config.HALFTONE_DRAIN_DELAY_MS)
  const deadline = performance.now() + config.HALFTONE_GRACE_MS
  const left = () => Math.max(0, deadline - performance.now())
  await main.close(left() * REQUESTS_SHARE)
  const ended = Promise.all([gateway.library?.close(), gateway.edge.close()])
  await Promise.race([ended, pause(left(), undefined, { ref: false })])
  gateway.limits.close()
  // Before the writes: what is still rendered, though nobody waits for it any more, becomes one.
  await gateway.pool.close(left())
  await gateway.writeBack.drain(left())
  await Promise.race([probed, pause(left(), undefined, { ref: false })])
  await gateway.journal.close()
  gateway.remote.close()
  await admin.close(0)
}
