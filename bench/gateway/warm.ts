import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import { fromLayer } from './layer.ts'
import type { BareBucketJob, LoadJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { storeVariants } from './stored-variants.ts'

const CONNECTIONS = 50
/** Enough that two connections seldom ask for the same at once. */
const VARIANTS = 250

/** Pictures that are stored but not in memory, at their versioned paths: one bucket call each. */
export async function openWarm(stage: Stage): Promise<Contest> {
  const load = startChild('load', stage.cores.load)
  const bare = startChild('bare-bucket', stage.cores.server)
  const gateway = await stage.startGateway({ HALFTONE_MEMORY_MB: '0' }, stage.cores.server)
  const keys = await storeVariants(stage, gateway.url, { count: VARIANTS, width: 800 })
  const asked = {
    url: gateway.url,
    paths: keys.map((key) => `/${key}`),
    connections: CONNECTIONS,
    headers: {},
    status: 200,
  }
  const read = { bucket: stage.bucket, keys, concurrency: CONNECTIONS }
  return {
    ...sideBySide(
      (seconds) =>
        fromLayer(gateway, 'bucket', () => load.ask({ ...asked, seconds } satisfies LoadJob, turnSchema)),
      (seconds) => bare.ask({ ...read, seconds } satisfies BareBucketJob, turnSchema),
    ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()])
    },
  }
}
