import { z } from 'zod'
import { fetchAnswer } from './answer.ts'
import { startChild } from './child.ts'
import { type Contest, sideBySide } from './contest.ts'
import { fromLayer } from './layer.ts'
import type { LoadJob } from './processes/jobs.ts'
import type { Stage } from './stage.ts'
import { turnSchema } from './turn.ts'

const CONNECTIONS = 50
const SOURCE = 'photos/hot.jpg'
const PATH = `/img/${SOURCE}/800.webp`

/** One picture in memory, asked for again and again. */
export const openHot = (stage: Stage): Promise<Contest> => open(stage, async () => ({}))

/** The same by clients that have it already. */
export const openNotModified = (stage: Stage): Promise<Contest> =>
  open(stage, async (url) => ({ 'if-none-match': (await fetchAnswer(url)).headers['etag'] ?? '' }))

async function open(
  stage: Stage,
  conditions: (url: string) => Promise<Record<string, string>>,
): Promise<Contest> {
  const { cores } = stage
  const bare = startChild('bare-http', cores.server)
  const load = startChild('load', cores.load)
  await stage.store.put(SOURCE, stage.photos[0] ?? Buffer.alloc(0), { contentType: 'image/jpeg' })
  const gateway = await stage.startGateway({}, cores.server)
  // The second answer: the first is rendered, and says so.
  await fetchAnswer(`${gateway.url}${PATH}`)
  const headers = await conditions(`${gateway.url}${PATH}`)
  const answer = await fetchAnswer(`${gateway.url}${PATH}`, headers)
  const { url: bareUrl } = await bare.ask(answer, z.object({ url: z.string() }))
  const job = { paths: [PATH], connections: CONNECTIONS, headers, status: answer.status }
  const turn = (url: string, seconds: number) =>
    load.ask({ ...job, url, seconds } satisfies LoadJob, turnSchema)
  return {
    play: (seconds) =>
      sideBySide(
        () => fromLayer(gateway, 'memory', () => turn(gateway.url, seconds)),
        () => turn(bareUrl, seconds),
      ),
    rssMb: async () => (await gateway.metrics()).rssMb,
    async close() {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()])
    },
  }
}
