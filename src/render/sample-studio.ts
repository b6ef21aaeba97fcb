import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { workerEnvironment } from './worker-environment.ts'

export interface SampleStudioOptions {
  /** The compiled entry of a painter. */
  readonly painterFile: string
  /** Painters at work at once. */
  readonly painters: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

const painted = z.object({ name: z.string(), bytes: z.instanceof(Uint8Array) })

/**
 * Paints sample pictures in child processes and hands each over as soon as it is there (a JPEG); rejects when a painter
 * fails. All painters have ended when it settles.
 */
export async function paintSamples(
  names: readonly string[],
  options: SampleStudioOptions,
  onPainted: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const waiting = [...names]
  const painters = Array.from({ length: Math.min(options.painters, names.length) }, () => hire(options))
  try {
    await Promise.all(
      painters.map(async (painter) => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          await onPainted(name, await paint(painter, name))
        }
      }),
    )
  } finally {
    await Promise.all(painters.map(dismiss))
  }
}

interface Painter {
  readonly process: ChildProcess
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>
}

function hire({ painterFile, environment }: SampleStudioOptions): Painter {
  const process = fork(painterFile, [], {
    env: workerEnvironment(environment),
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(process, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
  return { process, ended }
}

async function dismiss({ process, ended }: Painter): Promise<void> {
  process.kill()
  await ended
}

async function paint({ process, ended }: Painter, name: string): Promise<Uint8Array> {
  const answered = once(process, 'message')
  process.send(name)
  const [message]: unknown[] = await Promise.race([
    answered,
    ended.then((how) => {
      throw new Error(`A painter of sample pictures ended with ${String(how)}`)
    }),
  ])
  return painted.parse(message).bytes
}
