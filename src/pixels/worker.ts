import { readSync } from 'node:fs'
import { answerJob, hardenSharp, identify } from './answer-job.ts'
import type { Job, JobMessage, WorkerMessage } from './messages.ts'

const STANDARD_INPUT = 0

/**
 * The entry of a render worker: a child process that gets bytes and gives bytes. It says what it is, then does one
 * job after the other until its channel closes.
 */
function startWorker(): void {
  hardenSharp()
  let last: Promise<void> = Promise.resolve()
  let pending = 0

  async function work(before: Promise<void>, { head, sourceBytes }: JobMessage): Promise<void> {
    await before
    const job: Job = { ...head, source: readSource(sourceBytes) }
    send({ kind: 'answer', answer: await answerJob(job), rssBytes: process.memoryUsage.rss() })
    pending -= 1
  }

  process.on('message', (message: unknown) => {
    if (!isJobMessage(message)) return
    pending += 1
    last = work(last, message)
  })
  // Leaving in mid-picture would wait for the encoder: nobody is left to want what it makes.
  process.on('disconnect', () => (pending > 0 ? process.kill(process.pid, 'SIGKILL') : process.exit(0)))
  // A terminal or a supervisor signals the whole group; how long pictures may still take is the main process's to say.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

  send({ kind: 'ready', identity: identify(), rssBytes: process.memoryUsage.rss() })
}

function isJobMessage(message: unknown): message is JobMessage {
  return typeof message === 'object' && message !== null && 'head' in message && 'sourceBytes' in message
}

/** Reads so many bytes from standard input, into memory of their own. Nothing else is to be done meanwhile: it waits. */
function readSource(bytes: number): Uint8Array {
  const source = Buffer.allocUnsafeSlow(bytes)
  for (let filled = 0; filled < bytes; ) {
    const read = readSync(STANDARD_INPUT, source, filled, bytes - filled, null)
    // The main process has gone, and with it whoever wanted the picture.
    if (read === 0) process.exit(0)
    filled += read
  }
  return source
}

function send(message: WorkerMessage): void {
  // A closed channel ends the process by `disconnect`; its error has nobody to go to.
  process.send?.(message, undefined, undefined, () => undefined)
}

startWorker()
