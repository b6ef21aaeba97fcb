import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Child, startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import type { BarePutJob, BareWriteJob, PutJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { type Turn, turnSchema } from '../turn.ts'
import { startOrigin } from './start.ts'

const BYTES = 1_000_000

/** What a baseline is made of. */
interface Ground {
  /** On the disk that the origin has. */
  readonly directory: string
  readonly core: number | undefined
  readonly client: Child
  readonly concurrency: number
}

/** Who makes as many bytes safe beside the origin. */
interface Rival {
  turn(seconds: number): Promise<Turn>
  stop(): Promise<void>
}

/** PUTs of 1 MB, one after the other or several at once, beside what makes a file of that size safe. */
export const openOriginPut = (concurrency: number) => (stage: Stage) => open(stage, concurrency, loopRival)

/** The same beside the least that a program on Node can do with such a PUT: receive it, take its MD5, make it safe. */
export const openOriginPutNode = (concurrency: number) => (stage: Stage) =>
  open(stage, concurrency, bareRival)

async function open(
  stage: Stage,
  concurrency: number,
  startRival: (ground: Ground) => Promise<Rival>,
): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'halftone-bench-origin-'))
  const { cores } = stage
  const origin = await startOrigin(stage, { directory, core: cores.server })
  const client = startChild('put', cores.load)
  const rival = await startRival({ directory, core: cores.server, client, concurrency })
  return {
    ...sideBySide(
      (seconds) => {
        const paths = Array.from({ length: concurrency }, (_, line) => origin.sign('PUT', `object-${line}`))
        const ours: PutJob = { url: origin.url, paths, bytes: BYTES, seconds }
        return client.ask(ours, turnSchema)
      },
      (seconds) => rival.turn(seconds),
    ),
    rssMb: () => origin.rssMb(),
    async close() {
      await Promise.all([client.stop(), rival.stop(), origin.stop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function loopRival({ directory, core, concurrency }: Ground): Promise<Rival> {
  const writer = startChild('bare-write', core)
  return {
    turn: (seconds) =>
      writer.ask({ directory, bytes: BYTES, concurrency, seconds } satisfies BareWriteJob, turnSchema),
    stop: () => writer.stop(),
  }
}

async function bareRival({ directory, core, client, concurrency }: Ground): Promise<Rival> {
  const receiver = startChild('bare-put', core)
  const { url } = await receiver.ask({ directory } satisfies BarePutJob, z.object({ url: z.string() }))
  const paths = Array.from({ length: concurrency }, (_, line) => `/file-${line}`)
  return {
    turn: (seconds) => client.ask({ url, paths, bytes: BYTES, seconds } satisfies PutJob, turnSchema),
    stop: () => receiver.stop(),
  }
}
