import { quantile } from '../statistics.ts'
import type { Turn } from '../turn.ts'
import { Asker } from './asker.ts'
import { doJobs } from './do-jobs.ts'
import { type LoadJob, loadJob } from './jobs.ts'

/** For the last answers of a turn. */
const PATIENCE_MS = 20_000

doJobs(loadJob, load)

async function load({ url, paths, connections, seconds, headers, status }: LoadJob): Promise<Turn> {
  const { hostname: host, port } = new URL(url)
  const lines = Object.entries({ host: `${host}:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  const requests = paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`))
  const latencies: number[] = []
  let right = 0
  const startedAt = performance.now()
  const deadline = startedAt + seconds * 1000
  function onAnswer(got: number, ms: number): boolean {
    latencies.push(ms)
    if (got === status) right += 1
    return performance.now() < deadline
  }
  const askers = Array.from({ length: connections }, (_, index) => {
    // Each goes round from a place of its own, so that they do not all ask for the same at once.
    const from = Math.floor((index / connections) * requests.length)
    const own = [...requests.slice(from), ...requests.slice(0, from)]
    return new Asker({ host, port: Number(port), requests: own, onAnswer })
  })
  const late = setTimeout(() => askers.forEach((asker) => asker.close()), seconds * 1000 + PATIENCE_MS)
  const answered = await Promise.all(askers.map(({ ended }) => ended))
  clearTimeout(late)
  const elapsed = (performance.now() - startedAt) / 1000
  const unanswered = answered.filter((all) => !all).length
  return {
    requests: latencies.length + unanswered,
    errors: latencies.length - right + unanswered,
    rps: right / elapsed,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}
