import type { Config } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { createPool } from '../composition/pool.ts'
import { createClock } from '../leases/clock.ts'
import { tryTexts } from '../overlays/try-texts.ts'
import type { EdgeRefusalReason } from '../purging/purging.ts'
import { readPurgeStatus } from '../purging/status.ts'
import { cpuCount } from '../machine/cpu-quota.ts'
import type { Finding } from '../storage/probe.ts'
import { judgeClock, probeConditionalWrites, probeStore } from '../storage/probe.ts'
import type { S3ObjectStore } from '../storage/s3-object-store.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

/** Checks what Halftone depends on, prints each finding with its cure, and says whether all is well. */
export async function doctor(config: Config): Promise<boolean> {
  const settled = withBucket(config)
  const findings = await useBucket(settled, async (store) => [
    ...(await probeStore(store)),
    ...(await probeConditionalWrites(store)),
    judgeClock(store.clockSkewMs()),
    ...(await edgeFindings(settled, store)),
  ])
  findings.push(await renderFinding(settled), cpuFinding(settled))
  for (const finding of findings) process.stdout.write(formatFinding(finding))
  const faults = findings.filter(({ ok }) => !ok).length
  const bucket = `bucket ${settled.HALFTONE_BUCKET} at ${settled.AWS_ENDPOINT_URL_S3 ?? `AWS, ${settled.AWS_REGION}`}`
  process.stdout.write(
    `\n${bucket}: ${faults === 0 ? 'all is well' : `${faults} of ${findings.length} checks failed`}\n`,
  )
  return faults === 0
}

/** Purges that wait for longer have nobody who sends them. */
const STUCK_MS = 5 * 60_000

const EDGE_CURES: Partial<Record<EdgeRefusalReason, string>> = {
  denied: "Let the gateways' role call cloudfront:CreateInvalidation on this distribution.",
  'no-distribution': 'Correct HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: this account has no such distribution.',
}

/** What the queue to the edge says; nothing where none is purged. The edge itself is not asked: that would cost. */
async function edgeFindings(config: Config, store: S3ObjectStore): Promise<Finding[]> {
  if (config.HALFTONE_CLOUDFRONT_DISTRIBUTION_ID === undefined) return []
  const status = await readPurgeStatus(
    store,
    createClock(() => store.clockSkewMs()),
  )
  const { waiting, sent, oldestMs, refusal } = status
  const name = 'purges of the edge'
  const detail = `${waiting} wait, ${sent} are sent and wait for their second turn`
  if (refusal === undefined && oldestMs < STUCK_MS) return [{ name, ok: true, detail }]
  const cure =
    (refusal && EDGE_CURES[refusal.reason]) ??
    'A gateway with HALFTONE_CLOUDFRONT_DISTRIBUTION_ID has to run and reach the API: docs/purging.md.'
  const why = refusal?.message ?? `the oldest for ${Math.round(oldestMs / 60_000)} minutes`
  return [{ name, ok: false, detail: `${detail}: ${printable(why)}`, cure }]
}

async function renderFinding(config: Config): Promise<Finding> {
  const name = 'render workers'
  const pool = createPool({ ...config, HALFTONE_WORKERS: 1 })
  try {
    const { sharp, libvips, formats, epoch } = await pool.ready()
    await tryTexts(pool, config.HALFTONE_OVERLAYS)
    return {
      name,
      ok: true,
      detail: `sharp ${sharp}, libvips ${libvips}, reads ${formats.join(' ')}, epoch ${epoch}`,
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const cure =
      error.code === 'overlay_unusable'
        ? 'Install a font that the text can be written with (docs/cloudflare.md, Overlays), or correct HALFTONE_OVERLAYS.'
        : 'Install again on this machine ("npm ci"): sharp brings its library for the platform that installs it.'
    return { name, ok: false, detail: error.message, cure }
  } finally {
    await pool.close()
  }
}

function cpuFinding(config: Config): Finding {
  const cpus = cpuCount()
  const name = 'CPU quota'
  const workers = config.HALFTONE_WORKERS
  if (workers <= cpus) return { name, ok: true, detail: `${cpus} CPUs, ${workers || cpus} render workers` }
  const cure = `Set HALFTONE_WORKERS to at most ${cpus}, or 0 to follow the quota.`
  return { name, ok: false, detail: `${workers} render workers share ${cpus} CPUs`, cure }
}

function formatFinding({ name, ok, detail, cure }: Finding): string {
  return `${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}\n${!ok && cure !== undefined ? `     cure: ${cure}\n` : ''}`
}
