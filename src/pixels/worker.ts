import { read } from 'node:fs'
import { promisify } from 'node:util'
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
  let source: Promise<Uint8Array> = Promise.resolve(new Uint8Array())
  let pending = 0

  async function work(before: Promise<void>, { head }: JobMessage, read: Promise<Uint8Array>): Promise<void> {
    await before
    const job: Job = { ...head, source: await read }
    send({ kind: 'answer', answer: await answerJob(job), rssBytes: process.memoryUsage.rss() })
    pending -= 1
  }

  process.on('message', (message: unknown) => {
    if (!isJobMessage(message)) return
    pending += 1
    // Read while the picture before is rendered; sources come in the order of their jobs.
    source = source.then(() => readSource(message.sourceBytes))
    last = work(last, message, source)
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

const readSome = promisify(read)

/** Reads so many bytes from standard input, into memory of their own. */
async function readSource(bytes: number): Promise<Uint8Array> {
  const source = Buffer.allocUnsafeSlow(bytes)
  for (let filled = 0; filled < bytes; ) {
    const { bytesRead } = await readSome(STANDARD_INPUT, source, filled, bytes - filled, null)
    // The main process has gone, and with it whoever wanted the picture.
    if (bytesRead === 0) process.exit(0)
    filled += bytesRead
  }
  return source
}

function send(message: WorkerMessage): void {
  // A closed channel ends the process by `disconnect`; its error has nobody to go to.
  process.send?.(message, undefined, undefined, () => undefined)
}

startWorker()
