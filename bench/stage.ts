import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createS3ObjectStore, type S3ObjectStore } from '../src/storage/s3-object-store.ts'
import { type GatewayMetrics, readMetrics } from './gateway/gateway-metrics.ts'
import { benchPhoto } from './pictures.ts'
import type { Cores } from './pin.ts'
import type { BareBucketJob } from './processes/jobs.ts'
import { startProgram } from './program.ts'

/** What all scenarios of a run share: an origin with an empty bucket, and photos. */
export interface Stage {
  /** The folder whose `dist` is measured; this repository unless said. */
  readonly build?: string | undefined
  readonly bucket: BareBucketJob['bucket']
  readonly store: S3ObjectStore
  readonly photos: readonly Buffer[]
  readonly cores: Cores
  /** A width that no picture of this run has been asked for in. */
  freshWidth(): number
  /** A gateway on the bucket, with all settings at their defaults but the given ones; on any core unless one is given. */
  startGateway(settings?: Readonly<Record<string, string>>, core?: number): Promise<BenchGateway>
  /** The same stage for another build, with an empty bucket of its own: neither finds what the other has stored. */
  forBuild(folder: string): Stage
  close(): Promise<void>
}

export interface BenchGateway {
  readonly url: string
  metrics(): Promise<GatewayMetrics>
  stop(): Promise<void>
}

/** What every stage of a run is made of. */
interface Ground {
  readonly directory: string
  readonly endpoint: string
  readonly photos: readonly Buffer[]
  readonly cores: Cores
  /** Ends the origin and removes the directory. */
  readonly stop: () => Promise<void>
}

const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench-has-no-secrets' }
const BUCKET = 'bench'
const OTHER_BUCKET = 'bench-other'
const FIRST_WIDTH = 800

/** Everything that is not measured: made once, in a directory that is removed afterwards; with so many photos, at most 3. */
export async function setStage(cores: Cores, photoCount = 3): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'halftone-bench-'))
  const origin = await startProgram({
    file: 'dist/origin/main.js',
    logFile: join(directory, 'origin.log'),
    core: cores.load,
    environment: {
      ORIGIN_PORT: '0',
      ORIGIN_DIR: join(directory, 'origin'),
      ORIGIN_BUCKETS: `${BUCKET},${OTHER_BUCKET}`,
      ORIGIN_CREDENTIALS: `${CREDENTIALS.accessKeyId}:${CREDENTIALS.secretAccessKey}`,
    },
  })
  const photos = await Promise.all([1, 2, 3].slice(0, photoCount).map(benchPhoto))
  const stop = async () => {
    await origin.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return stageOf({ directory, endpoint: origin.url, photos, cores, stop }, BUCKET)
}

function stageOf(ground: Ground, name: string, build?: string): Stage {
  const { directory, endpoint, photos, cores } = ground
  const bucket = {
    bucket: name,
    endpoint,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    forcePathStyle: true,
  }
  const store = createS3ObjectStore(bucket)
  const logFile = join(directory, `${name}.log`)
  let width = FIRST_WIDTH
  return {
    build,
    bucket,
    store,
    photos,
    cores,
    freshWidth: () => (width += 1),
    startGateway(settings = {}, core?: number) {
      const environment = { AWS_ENDPOINT_URL_S3: endpoint, HALFTONE_BUCKET: name, ...settings }
      return startGateway({ environment, logFile, core, build })
    },
    forBuild: (folder) => stageOf({ ...ground, stop: async () => {} }, OTHER_BUCKET, folder),
    async close() {
      store.close()
      await ground.stop()
    },
  }
}

interface GatewayOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
  readonly core: number | undefined
  readonly build: string | undefined
}

async function startGateway({ environment, ...options }: GatewayOptions): Promise<BenchGateway> {
  const program = await startProgram({
    ...options,
    file: 'dist/src/main.js',
    args: ['serve'],
    environment: {
      PORT: '0',
      HALFTONE_ADMIN_PORT: '0',
      HALFTONE_SOURCES: 'photos/',
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      ...environment,
    },
  })
  const { url, admin = url } = program
  return { url, metrics: () => readMetrics(admin), stop: () => program.stop() }
}
