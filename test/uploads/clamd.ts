import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClamdAddress } from '../../src/uploads/clamd.ts'
import { said } from '../support/said.ts'

/** The file that every scanner finds; in two halves here, or a scanner finds this one. */
export const EICAR = Buffer.from(
  ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''),
)

/** What both the daemon and its stand-in call it, and take at most. */
export const MAX_BYTES = 1024 * 1024
const SIGNATURE = 'Eicar-Test-Signature'

export interface Clamd {
  readonly address: ClamdAddress
  stop(): Promise<void>
}

/** Whether there is a clamd on this machine; without it the stand-in below speaks its protocol. */
export const hasClamd = spawnSync('clamd', ['--version']).status === 0

/** The real daemon, with a signature of our own for EICAR: the official ones would have to be downloaded. */
export async function startClamd(): Promise<Clamd> {
  const dir = await mkdtemp(join(tmpdir(), 'halftone-clamd-'))
  const path = join(dir, 'socket')
  const md5 = createHash('md5').update(EICAR).digest('hex')
  await mkdir(join(dir, 'signatures'))
  await writeFile(join(dir, 'signatures', 'own.hdb'), `${md5}:${EICAR.byteLength}:${SIGNATURE}\n`)
  const settings = [
    'Foreground yes',
    `LocalSocket ${path}`,
    `DatabaseDirectory ${join(dir, 'signatures')}`,
    `StreamMaxLength ${MAX_BYTES}`,
    `TemporaryDirectory ${dir}`,
  ]
  await writeFile(join(dir, 'clamd.conf'), `${settings.join('\n')}\n`)
  const daemon = spawn('clamd', ['-c', join(dir, 'clamd.conf')], { stdio: ['ignore', 'pipe', 'inherit'] })
  await said(daemon, 'Self checking every')
  return {
    address: { path },
    async stop() {
      const exited = once(daemon, 'exit')
      daemon.kill()
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A server of ours that speaks INSTREAM and knows EICAR. */
export async function startStandIn(): Promise<Clamd> {
  return startServer((socket) => {
    let received = Buffer.alloc(0)
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      const verdict = verdictOn(received)
      if (verdict !== undefined) socket.end(`${verdict}\0`)
    })
  })
}

/** Any server on a free port that does with a connection what a test wants. */
export async function startServer(onConnection: (socket: Socket) => void): Promise<Clamd> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // A client that hangs up is what some tests are about.
    socket.on('error', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    address: { host: '127.0.0.1', port: address.port },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function verdictOn(received: Buffer): string | undefined {
  const command = 'zINSTREAM\0'
  if (received.byteLength < command.length) return undefined
  if (received.toString('latin1', 0, command.length) !== command) return 'UNKNOWN COMMAND'
  const pieces: Buffer[] = []
  for (let at = command.length; at + 4 <= received.byteLength; ) {
    const length = received.readUInt32BE(at)
    const file = Buffer.concat(pieces)
    if (file.byteLength + length > MAX_BYTES) return 'INSTREAM size limit exceeded. ERROR'
    if (length === 0) return file.equals(EICAR) ? `stream: ${SIGNATURE} FOUND` : 'stream: OK'
    pieces.push(received.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return undefined
}
