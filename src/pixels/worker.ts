import { answerJob, hardenSharp, identify } from './answer-job.ts'
import type { Job, WorkerMessage } from './messages.ts'

/**
 * The entry of a render worker: a child process that gets bytes and gives bytes. It says what it is, then does one
 * job after the other until its channel closes.
 */
function startWorker(): void {
  hardenSharp()
  let last: Promise<void> = Promise.resolve()
  let pending = 0

  async function work(before: Promise<void>, job: Job): Promise<void> {
    await before
    send({ kind: 'answer', answer: await answerJob(job), rssBytes: process.memoryUsage.rss() })
    pending -= 1
  }

  process.on('message', (message: unknown) => {
    if (!isJob(message)) return
    pending += 1
    last = work(last, message)
  })
  // Leaving in mid-picture would wait for the encoder: nobody is left to want what it makes.
  process.on('disconnect', () => (pending > 0 ? process.kill(process.pid, 'SIGKILL') : process.exit(0)))
  // A terminal or a supervisor signals the whole group; how long pictures may still take is the main process's to say.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

  send({ kind: 'ready', identity: identify(), rssBytes: process.memoryUsage.rss() })
}

function isJob(message: unknown): message is Job {
  return typeof message === 'object' && message !== null && 'kind' in message && 'source' in message
}

function send(message: WorkerMessage): void {
  // A closed channel ends the process by `disconnect`; its error has nobody to go to.
  process.send?.(message, undefined, undefined, () => undefined)
}

startWorker()
