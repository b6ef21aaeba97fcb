import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { onCore } from './pin.ts'

/** A process of the bench's own that does one job after the other. */
export interface Child {
  readonly pid: number | undefined
  /** Does one job; rejects when the process ends instead of answering. */
  ask<Reply>(job: object, reply: z.ZodType<Reply>): Promise<Reply>
  stop(): Promise<void>
}

const TSX = import.meta.resolve('tsx')

/** Starts one of the programs in `processes/`, on one core if one is given. It ends with this process. */
export function startChild(name: string, core?: number): Child {
  const file = fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url))
  const [execPath, ...execArgv] = onCore(core, [process.execPath, '--import', TSX])
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const child = fork(file, [], { execPath, execArgv, env, serialization: 'advanced' })
  return {
    pid: child.pid,
    ask: async (job, reply) => reply.parse(await answerTo(child, name, job)),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function answerTo(child: ChildProcess, name: string, job: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', answered).off('exit', ended)
      act()
    }
    const answered = (message: unknown) => settle(() => resolve(message))
    const ended = (code: number | null) => settle(() => reject(new Error(`${name} ended with ${code}`)))
    child.on('message', answered).on('exit', ended)
    child.send(job)
  })
}
