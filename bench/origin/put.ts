import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import type { BareWriteJob, PutJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { turnSchema } from '../turn.ts'
import { startOrigin } from './start.ts'

const BYTES = 1_000_000

/** PUTs of 1 MB, one after the other or several at once, beside what makes a file of that size safe. */
export function openOriginPut(concurrency: number): (stage: Stage) => Promise<Contest> {
  return async ({ cores }) => {
    const directory = await mkdtemp(join(tmpdir(), 'halftone-bench-origin-'))
    const origin = await startOrigin(directory, cores.server)
    const writer = startChild('bare-write', cores.server)
    const client = startChild('put', cores.load)
    return {
      play(seconds) {
        const paths = Array.from({ length: concurrency }, (_, line) => origin.sign('PUT', `object-${line}`))
        const ours: PutJob = { url: origin.url, paths, bytes: BYTES, seconds }
        const bare: BareWriteJob = { directory, bytes: BYTES, concurrency, seconds }
        return sideBySide(
          () => client.ask(ours, turnSchema),
          () => writer.ask(bare, turnSchema),
        )
      },
      rssMb: () => origin.rssMb(),
      async close() {
        await Promise.all([client.stop(), writer.stop(), origin.stop()])
        await rm(directory, { recursive: true, force: true })
      },
    }
  }
}
