import { readdirSync, readFileSync } from 'node:fs'
import { TOKEN_SECRET } from '../api.ts'
import { workersOf } from '../program.ts'
import { openSite } from '../site.ts'

const WORKERS = 2
const MB = 1024 * 1024

/** What a process and its workers hold at one moment. */
export interface Held {
  readonly gatewayBytes: number
  /** Of the largest worker. */
  readonly workerBytes: number
  readonly workers: number
  readonly descriptors: number
}

/** The compiled program on a bucket of its own, over sockets, for strangers to do their worst. */
export async function openStage(environment: Readonly<Record<string, string>> = {}) {
  const { bucket, gateway, close } = await openSite({
    HALFTONE_WORKERS: `${WORKERS}`,
    HALFTONE_SIZES: 'any',
    HALFTONE_MEMORY_MB: '32',
    HALFTONE_JWT_SECRETS: TOKEN_SECRET,
    HALFTONE_OFF_LADDER_PER_CLIENT: '0',
    HALFTONE_OFF_LADDER_PER_SOURCE: '0',
    HALFTONE_LIMIT_TICKETS: '0',
    HALFTONE_LIMIT_COMPLETES: '0',
    ...environment,
  })
  let hasEnded = false
  void gateway.ended.then(() => (hasEnded = true))
  let read = 0

  return {
    url: gateway.url,
    store: bucket,
    isAlive: () => !hasEnded,
    /** What the program has said since the last time, but for what it says of every request. */
    news(): string[] {
      const lines = gateway.output.slice(read)
      read = gateway.output.length
      return lines.filter((line) => !line.includes('"level":"info"'))
    },
    /** How many workers were replaced, by reason. */
    async restarts(): Promise<Record<string, number>> {
      const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
      const found = text.matchAll(/^halftone_worker_restarts_total\{reason="(\w+)"\} (\d+)/gm)
      return Object.fromEntries([...found].map(([, reason = '', count]) => [reason, Number(count)]))
    },
    held(): Held {
      const workers = workersOf(gateway.pid)
      return {
        gatewayBytes: residentBytes(gateway.pid),
        workerBytes: Math.max(...workers.map(residentBytes)),
        workers: workers.length,
        descriptors: readdirSync(`/proc/${gateway.pid}/fd`).length,
      }
    },
    close,
  }
}

export type Stage = Awaited<ReturnType<typeof openStage>>

function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kilobytes) * MB) / 1024
}
