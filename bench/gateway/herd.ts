import { z } from 'zod'
import { startChild } from '../child.ts'
import type { Contest, Pair } from '../contest.ts'
import type { CrowdJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { together, type Turn, turnSchema } from '../turn.ts'

const CLIENTS = 200
const SOURCE = 'photos/herd.jpg'
const herdSchema = turnSchema.extend({ pictures: z.int() })

/** Many clients that ask for one cold picture at once. The ratio is how often it was rendered: once is right. */
export async function openHerd(stage: Stage): Promise<Contest> {
  const crowd = startChild('crowd', stage.cores.load)
  await stage.store.put(SOURCE, stage.photos[0] ?? Buffer.alloc(0), { contentType: 'image/jpeg' })
  const gateway = await stage.startGateway({ HALFTONE_SIZES: 'any' })
  async function herd(): Promise<Turn> {
    const path = `/img/${SOURCE}/${stage.freshWidth()}.webp`
    const paths = Array.from({ length: CLIENTS }, () => path)
    const job: CrowdJob = { url: gateway.url, paths, concurrency: CLIENTS, seconds: Number.MAX_SAFE_INTEGER }
    const { pictures, ...turn } = await crowd.ask(job, herdSchema)
    // Answers that differ from the first are wrong, however they came about.
    return { ...turn, errors: turn.errors + (pictures - 1) }
  }

  /** One herd after the other; right answers a second are those of a herd. */
  async function herds(seconds: number): Promise<{ turn: Turn; count: number }> {
    const deadline = performance.now() + seconds * 1000
    const all = [await herd()]
    while (performance.now() < deadline) all.push(await herd())
    const turn = together(all)
    return { turn: { ...turn, rps: turn.rps / all.length }, count: all.length }
  }

  return {
    gateway: async (seconds) => (await herds(seconds)).turn,
    async play(seconds): Promise<Pair> {
      const before = await gateway.metrics()
      const { turn, count } = await herds(seconds)
      const { renders } = await gateway.metrics()
      return { gateway: turn, ratio: (renders - before.renders) / count }
    },
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([crowd.stop(), gateway.stop()])
    },
  }
}
