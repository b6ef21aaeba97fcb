import { type Config, renderingOf } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { createTransport } from '../composition/transport.ts'
import { openEdgeQueue } from '../composition/purging.ts'
import { createPool } from '../composition/pool.ts'
import { createEventOutbox, silentOutbox } from '../events/outbox.ts'
import { createClock } from '../leases/clock.ts'
import { probeConditionalWrites } from '../storage/probe.ts'
import type { S3ObjectStore } from '../storage/s3-object-store.ts'
import { formatReport } from '../sweep/report.ts'
import { sweep as sweepBucket } from '../sweep/sweep.ts'
import { createLog } from '../telemetry/log.ts'
import { variantEpoch } from '../transform/rendering-settings.ts'
import { useBucket, withBucket } from './bucket.ts'

/** Sweeps the bucket, or with `deletes` false says what would be swept; prints the report, and says whether all is well. */
export async function sweep(config: Config, deletes: boolean): Promise<boolean> {
  const settled = withBucket(config)
  return useBucket(settled, async (store) => {
    // The store's clock: by it everything in the bucket is dated.
    const clock = createClock(() => store.clockSkewMs())
    if (deletes) await assertConditionalWrites(store)
    const report = await sweepBucket({
      store,
      multiparts: createTransport(settled, createLog(settled.HALFTONE_LOG_LEVEL), store).multiparts,
      outbox: settled.HALFTONE_WEBHOOK_URL === undefined ? silentOutbox : createEventOutbox({ store }),
      sources: settled.HALFTONE_SOURCES,
      remoteKeepMs: settled.HALFTONE_REMOTE_KEEP_DAYS * 86_400_000,
      epoch: await epochOf(settled),
      edge: openEdgeQueue(settled, store, clock),
      clock,
      deletes,
    })
    if (report === 'busy') {
      process.stdout.write('Another replica is sweeping this bucket: nothing to do here.\n')
      return true
    }
    process.stdout.write(formatReport(report))
    return report.outcome === 'finished' && report.faultCount === 0
  })
}

async function assertConditionalWrites(store: S3ObjectStore): Promise<void> {
  const fault = (await probeConditionalWrites(store)).find(({ ok }) => !ok)
  if (fault === undefined) return
  throw new GatewayError(
    'bucket_refused',
    `The bucket does not honour conditional writes (${fault.name}): nothing is swept. "halftone doctor" says more`,
  )
}

/** The epoch that this release's workers give to variants. */
async function epochOf(config: Config): Promise<string> {
  const pool = createPool({ ...config, HALFTONE_WORKERS: 1 })
  try {
    const { epoch } = await pool.ready()
    return variantEpoch(epoch, renderingOf(config), config.HALFTONE_OVERLAYS)
  } finally {
    await pool.close()
  }
}
