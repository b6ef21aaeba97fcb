import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { fetchAnswer } from '../gateway/answer.ts'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import type { LoadJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './start.ts'

const BYTES = 200_000
const CONNECTIONS = 20

/** What a baseline is made of. */
interface Ground {
  /** Of its own. */
  readonly directory: string
  readonly core: number | undefined
  /** The URL of the object at the origin. */
  readonly object: string
}

/** Who gives the same bytes beside the origin. */
interface Rival {
  readonly url: string
  readonly path: string
  stop(): Promise<void>
}

/** One object of 200 KB, read again and again with a signature, beside nginx and the same bytes on the same disk. */
export const openOriginGet = (stage: Stage): Promise<Contest> => open(stage, nginxRival)

/** The same beside a server that does nothing but answer so: no program on Node hands out bytes with less work. */
export const openOriginGetNode = (stage: Stage): Promise<Contest> => open(stage, bareRival)

async function open(stage: Stage, startRival: (ground: Ground) => Promise<Rival>): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'halftone-bench-origin-'))
  const { cores } = stage
  const origin = await startOrigin(stage, { directory, core: cores.server })
  const load = startChild('load', cores.load)
  const content = randomBytes(BYTES)
  const stored = await fetch(origin.url + origin.sign('PUT', 'object'), { method: 'PUT', body: content })
  if (!stored.ok) throw new Error(`The object could not be stored: ${stored.status}`)
  const object = origin.url + origin.sign('GET', 'object')
  const rival = await startRival({ directory, core: cores.server, object })
  const turn = (url: string, path: string, seconds: number) => {
    const job: LoadJob = { url, paths: [path], connections: CONNECTIONS, headers: {}, status: 200, seconds }
    return load.ask(job, turnSchema)
  }
  return {
    ...sideBySide(
      (seconds) => turn(origin.url, origin.sign('GET', 'object'), seconds),
      (seconds) => turn(rival.url, rival.path, seconds),
    ),
    rssMb: () => origin.rssMb(),
    async close() {
      await Promise.all([load.stop(), origin.stop(), rival.stop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function nginxRival({ directory, core, object }: Ground): Promise<Rival> {
  const root = join(directory, 'files')
  await mkdir(root)
  const { body } = await fetchAnswer(object)
  await writeFile(join(root, 'object'), body)
  const nginx = await startNginx(directory, root, core)
  return { url: nginx.url, path: '/object', stop: () => nginx.stop() }
}

async function bareRival({ core, object }: Ground): Promise<Rival> {
  const bare = startChild('bare-http', core)
  const { url } = await bare.ask(await fetchAnswer(object), z.object({ url: z.string() }))
  return { url, path: '/', stop: () => bare.stop() }
}
