import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { GatewayError } from '../errors.ts'

/** Looks for malware in a file before anybody else may have it. */
export interface Scanner {
  /** Throws `scanner_unavailable` when nobody can say, `upload_too_large` when it is more than the scanner takes. */
  scan(body: Readable | Buffer, signal?: AbortSignal): Promise<'clean' | { readonly found: string }>
}

/** Where clamd listens. */
export type ClamdAddress = { readonly host: string; readonly port: number } | { readonly path: string }

export interface ClamdOptions {
  readonly address: ClamdAddress
  /** For one file, from connecting to the verdict. */
  readonly timeoutMs: number
  /** At most `StreamMaxLength` of clamd's own configuration. */
  readonly maxBytes: number
}

/** The verdict on a stream, as clamd words it. */
const FOUND = /^stream: (.+) FOUND$/

/** A scanner that asks a clamd over its socket, with INSTREAM (clamd(8), "Commands"): one connection a file. */
export function createClamdScanner(options: ClamdOptions): Scanner {
  return {
    async scan(body, signal) {
      signal?.throwIfAborted()
      const reply = await converse(options, body, signal)
      if (reply === 'stream: OK') return 'clean'
      const found = FOUND.exec(reply)?.[1]
      if (found !== undefined) return { found }
      if (reply.startsWith('INSTREAM size limit exceeded')) throw tooLarge()
      throw unavailable(new Error(`clamd says ${JSON.stringify(reply.slice(0, 200))}`))
    },
  }
}

async function converse(
  { address, timeoutMs, maxBytes }: ClamdOptions,
  body: Readable | Buffer,
  signal: AbortSignal | undefined,
): Promise<string> {
  const socket = connect(address)
  const said = listen(socket)
  const timer = setTimeout(() => socket.destroy(new Error(`No verdict within ${timeoutMs} ms`)), timeoutMs)
  try {
    await pipeline(framesOf(body, maxBytes, said), socket, { signal })
    await finished(socket, { writable: false, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    // What the body throws is not clamd's fault; and a clamd that has seen enough answers and hangs up.
    if (said.bodyFailed) throw error
    if (!said.reply.endsWith('\0')) throw unavailable(error)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
  return said.reply.replace(/\0$/, '')
}

interface Conversation {
  reply: string
  /** Whether it was the file that could not be read. */
  bodyFailed: boolean
}

function listen(socket: Socket): Conversation {
  const said = { reply: '', bodyFailed: false }
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => (said.reply += text))
  return said
}

/** The command, the file in pieces with their lengths in front, and a piece of no length. */
async function* framesOf(
  body: Readable | Buffer,
  maxBytes: number,
  said: Conversation,
): AsyncGenerator<Buffer> {
  yield Buffer.from('zINSTREAM\0')
  try {
    for await (const chunk of limited(body, maxBytes)) yield* [lengthOf(chunk), chunk]
  } catch (error) {
    said.bodyFailed = true
    throw error
  }
  yield lengthOf(Buffer.alloc(0))
}

/** The pieces of the file, none of them empty: a piece of no length would end it. */
async function* limited(body: Readable | Buffer, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of Buffer.isBuffer(body) ? [body] : body) {
    const chunk = Buffer.from(piece)
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge()
    if (chunk.byteLength > 0) yield chunk
  }
}

function lengthOf(chunk: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(chunk.byteLength)
  return head
}

function tooLarge(): GatewayError {
  return new GatewayError('upload_too_large', 'The file is larger than the virus scanner takes')
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError('scanner_unavailable', 'The file cannot be checked for viruses now: try again', {
    cause,
  })
}
