import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import { startOrigin } from '../origin/start.ts'
import type { CrowdJob, LoadJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { fetchAnswer } from './answer.ts'
import { fromLayer } from './layer.ts'
import { storeVariants } from './stored-variants.ts'

const CONNECTIONS = 50
/** Some 6 KB each. */
const WIDTH = 256
const SHARED_MEMORY = '/dev/shm'

export interface ManyOptions {
  /** All of them fit into the memory that a gateway has by default. */
  readonly pictures: number
}

/** So many pictures in memory, one after the other: of many none is in a processor's cache when it is asked for. */
export function openMany({ pictures }: ManyOptions): (stage: Stage) => Promise<Contest> {
  return (stage) => open(stage, pictures)
}

async function open(stage: Stage, pictures: number): Promise<Contest> {
  const { cores } = stage
  const bare = startChild('bare-http', cores.server)
  const load = startChild('load', cores.load)
  const directory = await mkdtemp(join(whereWritesAreFast(), 'halftone-bench-many-'))
  const origin = await startOrigin(stage, { directory, core: cores.load })
  const gateway = await stage.startGateway({ AWS_ENDPOINT_URL_S3: origin.url }, cores.server)
  const paths = await provide(
    { ...stage, bucket: { ...stage.bucket, endpoint: origin.url } },
    gateway.url,
    pictures,
  )
  const answer = await fetchAnswer(`${gateway.url}${paths[0] ?? ''}`)
  const { url: bareUrl } = await bare.ask(answer, z.object({ url: z.string() }))
  const turn = (url: string, seconds: number) => {
    const job: LoadJob = { url, paths, connections: CONNECTIONS, headers: {}, status: 200, seconds }
    return load.ask(job, turnSchema)
  }
  return {
    ...sideBySide(
      (seconds) => fromLayer(gateway, 'memory', () => turn(gateway.url, seconds)),
      (seconds) => turn(bareUrl, seconds),
    ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()])
      await origin.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Thousands of files are written before anything is measured; where memory is a file system, that takes seconds. */
function whereWritesAreFast(): string {
  return existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir()
}

/** Stores the pictures in the stage's bucket and asks for each once. */
async function provide(stage: Stage, url: string, pictures: number): Promise<string[]> {
  const store = createS3ObjectStore(stage.bucket)
  const keys = await storeVariants({ ...stage, store }, url, { count: pictures, width: WIDTH })
  store.close()
  const paths = keys.map((key) => `/${key}`)
  const crowd = startChild('crowd', stage.cores.load)
  const job: CrowdJob = { url, paths, concurrency: CONNECTIONS, seconds: Number.MAX_SAFE_INTEGER }
  const { errors } = await crowd.ask(job, turnSchema)
  await crowd.stop()
  if (errors > 0) throw new Error(`${errors} of ${paths.length} stored pictures were not served`)
  return paths
}
