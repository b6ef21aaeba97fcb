import { startChild } from './child.ts'
import { type Contest, sideBySide } from './contest.ts'
import { eachOf } from './each-of.ts'
import { fromLayer } from './layer.ts'
import type { BareBucketJob, LoadJob } from './processes/jobs.ts'
import type { Stage } from './stage.ts'
import { turnSchema } from './turn.ts'

const CONNECTIONS = 50
/** Enough that two connections seldom ask for the same at once. */
const VARIANTS = 250

/** Pictures that are stored but not in memory, at their versioned paths: one bucket call each. */
export async function openWarm(stage: Stage): Promise<Contest> {
  const load = startChild('load', stage.cores.load)
  const bare = startChild('bare-bucket', stage.cores.server)
  const gateway = await stage.startGateway({ HALFTONE_MEMORY_MB: '0' }, stage.cores.server)
  const keys = await storeVariants(stage, gateway.url)
  const asked = {
    url: gateway.url,
    paths: keys.map((key) => `/${key}`),
    connections: CONNECTIONS,
    headers: {},
    status: 200,
  }
  const read = { bucket: stage.bucket, keys, concurrency: CONNECTIONS }
  return {
    play: (seconds) =>
      sideBySide(
        () =>
          fromLayer(gateway, 'bucket', () => load.ask({ ...asked, seconds } satisfies LoadJob, turnSchema)),
        () => bare.ask({ ...read, seconds } satisfies BareBucketJob, turnSchema),
      ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()])
    },
  }
}

/** Has one picture rendered and stores it again under many keys, each of which is a versioned path. */
async function storeVariants({ store, photos }: Stage, url: string): Promise<string[]> {
  await store.put('photos/warm.jpg', photos[0] ?? Buffer.alloc(0), { contentType: 'image/jpeg' })
  const rendered = await fetch(`${url}/img/photos/warm.jpg/800.webp`)
  const bytes = Buffer.from(await rendered.arrayBuffer())
  const facts = { contentType: 'image/webp', metadata: { 'source-modified': '1700000000' } }
  const keys = Array.from({ length: VARIANTS }, (_, index) => {
    return `img/photos/warm.jpg/@warm${String(index).padStart(11, '0')}/800.webp`
  })
  await eachOf(keys, async (key) => store.put(key, bytes, facts))
  return keys
}
