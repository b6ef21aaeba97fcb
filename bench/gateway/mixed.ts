import { z } from 'zod'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import { createPick, createRandom } from '../hit-ratio/random.ts'
import type { BareMixedJob, CrowdJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { shareOf } from './layer.ts'
import { provideSources } from './sources.ts'
import { storeVariants } from './stored-variants.ts'

const CONNECTIONS = 20
/** Some 54 KB each. Memory holds a quarter of them. */
const VARIANTS = 1_000
const MEMORY_MB = 14
const POPULAR = 250
/** The exponent of Zipf's law: the n-th picture is asked for n^-s times as often as the first. */
const ZIPF = 0.9
/** Of so many requests one is for a picture that nobody has asked for. */
const COLD_EVERY = 200
/** The first cold picture comes early, so that there is one in a very short turn too. */
const FIRST_COLD = 2
const SOURCES = 25
/** Requests in store for a second. */
const MOST_RPS = 6_000

/** What a gateway sees in a day: most comes from memory, some from the bucket, and now and then a picture is new. */
export async function openMixed(stage: Stage): Promise<Contest> {
  const { cores } = stage
  const crowd = startChild('crowd', cores.load)
  const bare = startChild('bare-mixed', cores.server)
  const settings = { HALFTONE_SIZES: 'any', HALFTONE_MEMORY_MB: `${MEMORY_MB}`, HALFTONE_WORKERS: '1' }
  const gateway = await stage.startGateway(settings, cores.server)
  const memoryBytes = MEMORY_MB * 1_000_000
  const { url: bareUrl } = await bare.ask(
    { bucket: stage.bucket, memoryBytes } satisfies BareMixedJob,
    z.object({ url: z.string() }),
  )
  const turn = (url: string, paths: string[], seconds: number) => {
    const job: CrowdJob = { url, paths, concurrency: CONNECTIONS, seconds }
    return crowd.ask(job, turnSchema)
  }
  const stored = await storeVariants(stage, gateway.url, { count: VARIANTS, width: 800 })
  const nextStream = await prepareStreams(stage, stored)
  // What is asked for most often is in the memory of both from the start.
  const popular = stored.slice(0, POPULAR).map((key) => `/${key}`)
  for (const url of [gateway.url, bareUrl]) await turn(url, popular, Number.MAX_SAFE_INTEGER)
  let stream: string[] = []
  return {
    ...sideBySide(
      async (seconds) => {
        stream = nextStream(seconds)
        const { result, shares } = await shareOf(gateway, () => turn(gateway.url, stream, seconds))
        const missing = ['memory', 'bucket', 'render'].filter((layer) => !((shares[layer] ?? 0) > 0))
        if (missing.length > 0) throw new Error(`No answers of the layers ${missing.join(', ')}`)
        return result
      },
      (seconds) => turn(bareUrl, stream, seconds),
    ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([crowd.stop(), bare.stop(), gateway.stop()])
    },
  }
}

/** Gives streams of requests, long enough for a turn; no two of them ask for the same cold picture. */
async function prepareStreams(
  stage: Stage,
  stored: readonly string[],
): Promise<(seconds: number) => string[]> {
  const sources = await provideSources(stage, { from: 'jpg', pictures: stage.photos, count: SOURCES })
  const weights = stored.map((_, rank) => (rank + 1) ** -ZIPF)
  const pick = createPick(weights, createRandom(1))
  let fresh: string[] = []
  const coldPath = (): string => {
    if (fresh.length === 0) {
      const width = stage.freshWidth()
      fresh = sources.map((source) => `/img/${source}/${width}.webp`)
    }
    return fresh.pop() ?? ''
  }
  return (seconds) =>
    Array.from({ length: Math.ceil(MOST_RPS * seconds) }, (_, index) =>
      index % COLD_EVERY === FIRST_COLD ? coldPath() : `/${stored[pick()] ?? ''}`,
    )
}
