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
  let read: Promise<readonly Uint8Array[]> = Promise.resolve([])
  let pending = 0

  async function work(
    before: Promise<void>,
    message: JobMessage,
    read: Promise<readonly Uint8Array[]>,
  ): Promise<void> {
    await before
    const job = unpackJob(message, await read)
    send({ kind: 'answer', answer: await answerJob(job), rssBytes: process.memoryUsage.rss() })
    pending -= 1
  }

  process.on('message', (message: unknown) => {
    if (!isJobMessage(message)) return
    pending += 1
    // Read while the picture before is rendered; sources come in the order of their jobs.
    read = read.then(() => readAll([message.sourceBytes, ...message.pictureBytes]))
    last = work(last, message, read)
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

/** A job with its bytes in their places. */
function unpackJob({ head }: JobMessage, [source, ...pictures]: readonly Uint8Array[]): Job {
  const bytes = source ?? new Uint8Array()
  if (!('overlays' in head) || head.overlays === undefined) return { ...head, source: bytes }
  const left = pictures.values()
  const overlays = head.overlays.map((one) =>
    'text' in one.overlay ? one : { ...one, picture: left.next().value },
  )
  return { ...head, overlays, source: bytes }
}

async function readAll(lengths: readonly number[]): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for (const length of lengths) chunks.push(await readChunk(length))
  return chunks
}

const readSome = promisify(read)

/** Reads so many bytes from standard input, into memory of their own. */
async function readChunk(bytes: number): Promise<Uint8Array> {
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
