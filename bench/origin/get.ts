import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import type { LoadJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { startNginx } from './nginx.ts'
import { startOrigin } from './start.ts'

const BYTES = 200_000
const CONNECTIONS = 20

/** One object of 200 KB, read again and again with a signature, beside nginx and the same bytes on the same disk. */
export async function openOriginGet({ cores }: Stage): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'halftone-bench-origin-'))
  const root = join(directory, 'files')
  await mkdir(root)
  const content = randomBytes(BYTES)
  await writeFile(join(root, 'object'), content)
  const nginx = await startNginx(directory, root, cores.server)
  const origin = await startOrigin(directory, cores.server)
  const load = startChild('load', cores.load)
  const stored = await fetch(origin.url + origin.sign('PUT', 'object'), { method: 'PUT', body: content })
  if (!stored.ok) throw new Error(`The object could not be stored: ${stored.status}`)
  const turn = (url: string, path: string, seconds: number) => {
    const job: LoadJob = { url, paths: [path], connections: CONNECTIONS, headers: {}, status: 200, seconds }
    return load.ask(job, turnSchema)
  }
  return {
    play: (seconds) =>
      sideBySide(
        () => turn(origin.url, origin.sign('GET', 'object'), seconds),
        () => turn(nginx.url, '/object', seconds),
      ),
    rssMb: () => origin.rssMb(),
    async close() {
      await Promise.all([load.stop(), origin.stop(), nginx.stop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}
