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
    for (const painter of painters) if (painter.connected) painter.disconnect()
  }
}

function hire({ painterFile, environment }: SampleStudioOptions): ChildProcess {
  return fork(painterFile, [], {
    env: workerEnvironment(environment),
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function paint(painter: ChildProcess, name: string): Promise<Uint8Array> {
  const answered = once(painter, 'message')
  const ended = once(painter, 'exit').then(() => {
    throw new Error(`The painter of ${name} ended before it was done`)
  })
  painter.send(name)
  const [message] = await Promise.race([answered, ended])
  return painted.parse(message).bytes
}
