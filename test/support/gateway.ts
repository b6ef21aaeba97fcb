import { fileURLToPath } from 'node:url'
import type { AuditTrail } from '../../src/audit/audit.ts'
import type { Health } from '../../src/circuit/health.ts'
import type { Transport } from '../../src/composition/transport.ts'
import type { FaceDetector } from '../../src/cloudflare/face-detector.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import { createGateway } from '../../src/gateway.ts'
import type { DemoPage } from '../../src/pages/demo-page.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { observeStore, type StoreCall } from '../../src/storage/observed-store.ts'
import { createLog, type Logger } from '../../src/telemetry/log.ts'
import { emissions, noteAnswer } from './emissions/watch.ts'
import { noteEnvironment } from './program.ts'

/** The compiled render worker: child processes run the build, tests the sources. */
export const WORKER_FILE = fileURLToPath(new URL('../../dist/src/pixels/worker.js', import.meta.url))

export interface TestGatewayOptions {
  readonly store?: ObjectStore
  readonly log?: Logger
  readonly environment?: Readonly<Record<string, string>>
  readonly audit?: AuditTrail
  readonly health?: Health
  /** Without it there is no API. */
  readonly transport?: Transport
  /** Which addresses sources may be fetched from; by default those of the public internet. */
  readonly allowAddress?: (address: string) => boolean
  readonly faceDetector?: FaceDetector
  readonly demoPage?: (store: ObjectStore, config: Config) => DemoPage
}

/** A whole gateway without sockets, with real render workers, on a store whose calls are recorded. */
export async function createTestGateway(options: TestGatewayOptions = {}) {
  const {
    store,
    log,
    audit,
    health,
    transport,
    demoPage,
    allowAddress,
    faceDetector,
    environment = {},
  } = options
  const bucket = store ?? createMemoryObjectStore()
  const calls: StoreCall[] = []
  const config = parseConfig({
    HALFTONE_BUCKET: 'test',
    HALFTONE_LOG_LEVEL: 'silent',
    HALFTONE_WORKERS: '1',
    // Beside many other tests they would have no time at all.
    HALFTONE_WORKER_NICENESS: '5',
    HALFTONE_SOURCES: 'items/,profiles/,photos/',
    // The journal is read when a test says so: however busy the machine, it is not behind unless a test wants that.
    HALFTONE_JOURNAL_MAX_LAG_MS: '600000',
    ...environment,
  })
  emissions.expect(environment)
  const counted = observeStore(bucket, (call) => calls.push(call))
  const gateway = await createGateway(
    {
      config,
      log: log ?? createLog('debug', { write: (line) => emissions.note('log', line) }),
      audit,
      health,
      transport,
      allowAddress,
      faceDetector,
      demoPage: demoPage && ((store) => demoPage(store, config)),
      // The loop is that of the tests, too, and says nothing of the gateway.
      isLoopBusy: () => false,
      workerFile: WORKER_FILE,
      browserDir: 'dist/browser',
    },
    counted,
  )
  await gateway.journal.read()
  calls.length = 0
  return {
    ...gateway,
    bucket,
    calls,
    /** A request; `raw` is its target as it stands on the request line. */
    async fetch(target: string, init?: RequestInit): Promise<Response> {
      const answer = await gateway.app.request(`http://test${target}`, init, { incoming: { url: target } })
      noteAnswer(answer)
      return answer
    },
    /** The verbs of the bucket calls since the last time, once the writes have ended. */
    async verbs(): Promise<string[]> {
      await gateway.writeBack.drain()
      return calls.splice(0).map(({ verb }) => verb)
    },
    async close() {
      emissions.note('metrics', await gateway.metrics.registry.metrics())
      for (const { pid } of gateway.pool.stats().workers) if (pid !== undefined) noteEnvironment(pid)
      await gateway.library?.close()
      await gateway.edge.close()
      gateway.limits.close()
      await gateway.writeBack.drain()
      await gateway.journal.close()
      gateway.remote.close()
      await gateway.pool.close()
    },
  }
}

export type TestGateway = Awaited<ReturnType<typeof createTestGateway>>
