import autocannon from 'autocannon'
import type { Turn } from '../turn.ts'
import { doJobs } from './do-jobs.ts'
import { type LoadJob, loadJob } from './jobs.ts'

/** How often autocannon looks whether its time is over. */
const SAMPLE_MS = 100

doJobs(loadJob, load)

async function load({ url, paths, connections, seconds, headers, status }: LoadJob): Promise<Turn> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    sampleInt: SAMPLE_MS,
    // Each connection goes round from a place of its own, so that they do not all ask for the same at once.
    setupClient(client) {
      const from = Math.floor(Math.random() * paths.length)
      client.setRequests(
        [...paths.slice(from), ...paths.slice(0, from)].map((path) => ({ method: 'GET', path, headers })),
      )
    },
  })
  const answered = Object.values(result.statusCodeStats ?? {}).reduce((sum, { count = 0 }) => sum + count, 0)
  const right = result.statusCodeStats?.[`${status}`]?.count ?? 0
  return {
    requests: answered + result.errors,
    errors: answered - right + result.errors,
    rps: right / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
}
