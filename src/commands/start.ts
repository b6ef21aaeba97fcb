import type { Config } from '../config.ts'
import { readConfig } from '../config.ts'
import { openBucket, s3OptionsOf } from '../composition/bucket.ts'
import { createTransport } from '../composition/transport.ts'
import { yieldToMainThread } from '../machine/helper-threads.ts'
import { corsRule } from '../setup/plan.ts'
import { createBucketAdministration } from '../storage/bucket-administration.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { createLog } from '../telemetry/log.ts'
import { recordTurns } from '../telemetry/recorders.ts'
import { demoPage } from '../running/demo-page.ts'
import { type LocalOrigin, startLocalOrigin } from '../running/local-origin.ts'
import { makeLocalSecrets } from '../running/local-secrets.ts'
import { runGateway } from '../running/run-gateway.ts'
import { seedSamples } from '../running/seed-samples.ts'
import { serve } from './serve.ts'
import { untilStopped } from '../running/until-stopped.ts'
import { welcome } from '../running/welcome.ts'

/** Everything on this machine: the origin that ships (unless a bucket is named), samples in it, the gateway. */
export async function start(config: Config): Promise<void> {
  if (config.HALFTONE_BUCKET !== undefined) return serve(config)
  const origin = await startLocalOrigin(config)
  try {
    await startOn(origin, makeLocalSecrets(config))
  } finally {
    await origin.stop()
  }
}

async function startOn(origin: LocalOrigin, secrets: Readonly<Record<string, string>>): Promise<void> {
  const config = readConfig({ ...secrets, ...origin.variables })
  const log = createLog(config.HALFTONE_LOG_LEVEL)
  const store = openBucket(config, origin.variables.HALFTONE_BUCKET, { onTurn: recordTurns(log) })
  await allowUploads(config, origin.variables.HALFTONE_BUCKET)
  await seedSamples(store, config, (line) => process.stdout.write(`${line}\n`))
  const transport = createTransport(config, log, store)
  const page = (store: ObjectStore) => demoPage(store, config)
  const gateway = await runGateway({ config, log, transport, health: store.health, demoPage: page }, store)
  yieldToMainThread(config.HALFTONE_WORKER_NICENESS)
  process.stdout.write(
    welcome({
      url: gateway.url,
      bucket: origin.variables.AWS_ENDPOINT_URL_S3,
      admin: gateway.adminUrl,
      program: programName(config),
      mounts: config.HALFTONE_CLOUDFLARE_MOUNTS,
    }),
  )
  const reason = await Promise.race([
    untilStopped(),
    origin.ended.then((code) => `origin ended with ${code}`),
  ])
  log.info({ reason }, 'stopping')
  await gateway.close()
  store.close()
  if (reason.startsWith('origin')) process.exitCode = 1
}

/** The demo page may be opened by any name of this machine, and sends files to its bucket. */
async function allowUploads(config: Config, bucket: string): Promise<void> {
  const administration = createBucketAdministration(s3OptionsOf(config, bucket))
  try {
    await administration.cors.put([corsRule(['*'])])
  } finally {
    administration.close()
  }
}

/** How whoever has started this calls the program: from the package, or from a clone of the repository. */
function programName({ environment }: Config): string {
  return environment['npm_command'] === 'exec' ? 'npx halftone' : 'npm run halftone --'
}
