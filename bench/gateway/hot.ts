import { z } from 'zod'
import { fetchAnswer } from './answer.ts'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import { fromLayer } from './layer.ts'
import type { LoadJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'

const CONNECTIONS = 50
const SOURCE = 'photos/hot.jpg'

export interface HotOptions {
  /** In pixels, one of the ladder's; the wider, the more bytes. */
  readonly width: number
  /** By clients that have it already. */
  readonly revalidated?: boolean
}

/** One picture in memory, asked for again and again. */
export function openHot({ width, revalidated = false }: HotOptions): (stage: Stage) => Promise<Contest> {
  const path = `/img/${SOURCE}/${width}.webp`
  return (stage) => open(stage, path, revalidated)
}

async function open(stage: Stage, path: string, revalidated: boolean): Promise<Contest> {
  const { cores } = stage
  const bare = startChild('bare-http', cores.server)
  const load = startChild('load', cores.load)
  await stage.store.put(SOURCE, stage.photos[0] ?? Buffer.alloc(0), { contentType: 'image/jpeg' })
  const gateway = await stage.startGateway({}, cores.server)
  const picture = `${gateway.url}${path}`
  const first = await fetchAnswer(picture)
  const headers: Record<string, string> = revalidated ? { 'if-none-match': first.headers['etag'] ?? '' } : {}
  // The second answer: the first is rendered, and says so.
  const answer = await fetchAnswer(picture, headers)
  const { url: bareUrl } = await bare.ask(answer, z.object({ url: z.string() }))
  const job = { paths: [path], connections: CONNECTIONS, headers, status: answer.status }
  const turn = (url: string, seconds: number) =>
    load.ask({ ...job, url, seconds } satisfies LoadJob, turnSchema)
  return {
    ...sideBySide(
      (seconds) => fromLayer(gateway, 'memory', () => turn(gateway.url, seconds)),
      (seconds) => turn(bareUrl, seconds),
    ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()])
    },
  }
}
