import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { LookupFunction } from 'node:net'
import { createRemoteSources, type RemoteOptions } from '../../src/remote/remote-sources.ts'
import { Admission } from '../../src/admission/admission.ts'
import { FairBudget } from '../../src/admission/fair-budget.ts'
import { listen } from './listen.ts'

export interface SeenRequest {
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** Somebody's web server on this machine: answers each path as a test has said, 404 for others. */
export async function startOtherServer(answers: Readonly<Record<string, Answer>> = {}) {
  const table = new Map(Object.entries(answers))
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    const { url = '', headers } = request
    seen.push({ url, headers })
    const answer = table.get(url)
    if (answer) return answer(response, request)
    response.writeHead(404).end('There is nothing')
  })
  const address = await listen(server)
  return {
    port: Number(new URL(address).port),
    origin: address,
    seen,
    /** Says how a path is answered from now on. */
    on(url: string, answer: Answer) {
      table.set(url, answer)
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export type OtherServer = Awaited<ReturnType<typeof startOtherServer>>

/** An answer with these bytes and headers. */
export function bytes(body: string | Uint8Array, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(200, { 'content-type': 'image/jpeg', ...headers }).end(body)
}

export function redirect(location: string, status = 302): Answer {
  return (response) =>
    response.writeHead(status, { location: Buffer.from(location).toString('latin1') }).end('Elsewhere')
}

/** A name server that knows every name as this machine, and others as the test says; notes what it was asked. */
export function resolver(names: Readonly<Record<string, readonly (readonly string[])[]>> = {}) {
  const asked: string[] = []
  const lookup: LookupFunction = (name, { all }, answer) => {
    const before = asked.filter((known) => known === name).length
    asked.push(name)
    const answers = names[name] ?? [['127.0.0.1']]
    const addresses = answers[Math.min(before, answers.length - 1)] ?? []
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first = { address: '', family: 4 }] = found
    if (found.length === 0) answer(Object.assign(new Error(`No ${name}`), { code: 'ENOTFOUND' }), '')
    else if (all) answer(null, found)
    else answer(null, first.address, first.family)
  }
  return { lookup, asked }
}

/** Sources at any host on one port; this machine's own address is as good as any. */
export function remoteOn(port: number, options: Partial<RemoteOptions> = {}) {
  return createRemoteSources({
    allowed: [{ withSubdomains: false, port, path: '/' }],
    ownHosts: [],
    maxBytes: 100_000,
    maxRedirects: 3,
    memoryBytes: 1_000_000,
    timeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    admission: new Admission({ slots: 100, maxQueued: 0, maxWaitMs: 0 }),
    reading: new FairBudget({ capacity: 1_000_000 }),
    allowAddress: (address) => address === '127.0.0.1',
    lookup: resolver().lookup,
    ...options,
  })
}
