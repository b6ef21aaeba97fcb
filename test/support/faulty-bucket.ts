import { createTransport } from '../../src/composition/transport.ts'
import { parseConfig } from '../../src/config.ts'
import { createS3ObjectStore, type S3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { recordTurns } from '../../src/telemetry/recorders.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts'
import { createTestGateway, type TestGateway } from './gateway.ts'
import type { BucketAddress } from './program.ts'

/** The longest that a call waits for the head of its answer, and between two pieces of its body. */
const TIMEOUT_MS = 400

/** A gateway whose calls of its bucket pass through a proxy that does to them what a test says. */
export interface FaultyBucket {
  readonly proxy: FaultyProxy
  readonly gateway: TestGateway
  readonly store: S3ObjectStore
  /** Lines of the log from `warn` on. */
  readonly complaints: { readonly msg: string }[]
  close(): Promise<void>
}

/** Opens a gateway on an origin, with short timeouts and a journal that is read often. */
export async function openFaultyBucket(
  origin: BucketAddress,
  environment: Readonly<Record<string, string>> = {},
): Promise<FaultyBucket> {
  const proxy = await startFaultyProxy(origin.url)
  const complaints: { msg: string }[] = []
  const log = createLog('info', { write: (line) => void complaints.push(JSON.parse(line)) })
  const store = createS3ObjectStore({
    bucket: origin.bucket,
    region: 'us-east-1',
    endpoint: proxy.url,
    credentials: { accessKeyId: origin.accessKeyId, secretAccessKey: origin.secretAccessKey },
    forcePathStyle: true,
    headersTimeoutMs: TIMEOUT_MS,
    bodyTimeoutMs: TIMEOUT_MS,
    onTurn: recordTurns(log),
  })
  const settings = {
    HALFTONE_LOOKUP_TTL_MS: '50',
    HALFTONE_JOURNAL_INTERVAL_MS: '100',
    HALFTONE_S3_TIMEOUT_MS: `${TIMEOUT_MS}`,
    ...environment,
  }
  const gateway = await createTestGateway({
    store,
    log,
    health: store.health,
    transport: createTransport(parseConfig(settings), log, store),
    environment: settings,
  })
  await gateway.journal.start()
  return {
    proxy,
    gateway,
    store,
    complaints,
    async close() {
      await gateway.close()
      store.close()
      await proxy.close()
    },
  }
}
