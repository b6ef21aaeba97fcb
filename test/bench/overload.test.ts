import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startChild } from '../../bench/child.ts'
import { findingsOf } from '../../bench/overload/limits.ts'
import { MissSupply } from '../../bench/overload/misses.ts'
import { monotonicMs } from '../../bench/overload/monotonic.ts'
import { parseOverloadOptions } from '../../bench/overload/options.ts'
import { type Outcome, outcomeOf } from '../../bench/overload/outcome.ts'
import { recoveryMs } from '../../bench/overload/recovery.ts'
import { formatReport, resultsOf } from '../../bench/overload/report.ts'
import type { OverloadTurn } from '../../bench/overload/run.ts'
import { dueWithin, type Sample, sampleSchema, tallyOf } from '../../bench/overload/sample.ts'
import type { OpenLoopJob } from '../../bench/processes/jobs.ts'
import { listen } from '../support/listen.ts'

const sample = (dueAt: number, ms: number, outcome: Outcome = 'picture'): Sample => ({
  dueAt,
  lagMs: 0,
  ms,
  outcome,
})

test.each<[string, Record<string, string>, Outcome]>([
  ['200 OK', { 'Cache-Control': 'public, max-age=31536000, immutable' }, 'picture'],
  ['200 OK', { 'Cache-Status': 'memory; fwd=miss, bucket; fwd=miss' }, 'picture'],
  ['200 OK', { 'Cache-Control': 'public, max-age=5, stale-if-error=0' }, 'stand-in'],
  ['200 OK', { 'Cache-Status': 'memory; fwd=miss; detail=stand-in' }, 'stand-in'],
  ['503 Service Unavailable', { 'retry-after': '1', 'cache-control': 'no-store' }, 'refused'],
  ['503 Service Unavailable', { 'cache-control': 'no-store' }, 'wrong'],
  ['503 Service Unavailable', { 'retry-after': '1', 'cache-control': 'public, max-age=5' }, 'wrong'],
  ['429 Too Many Requests', { 'retry-after': '7', 'cache-control': 'no-store' }, 'limited'],
  ['502 Bad Gateway', { 'cache-control': 'no-store' }, 'wrong'],
  ['404 Not Found', {}, 'wrong'],
])('%s with %o is %s', (status, headers, outcome) => {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  expect(outcomeOf([`HTTP/1.1 ${status}`, ...fields, ''].join('\r\n'))).toBe(outcome)
})

test('what came of requests is counted, and how long they took', () => {
  const samples = Array.from({ length: 100 }, (_, index) => sample(index, index + 1))
  const refused = [sample(200, 1_000, 'refused')]
  expect(tallyOf([...samples, ...refused])).toMatchObject({
    requests: 101,
    outcomes: { picture: 100, refused: 1, 'stand-in': 0, limited: 0, wrong: 0 },
    p50Ms: 51,
    p99Ms: 100,
    maxMs: 1_000,
  })
  expect(dueWithin(samples, 10, 12)).toEqual([sample(10, 11), sample(11, 12)])
})

const NORMAL = { endedAt: 1_000, sliceMs: 100, share: 1, limitMs: 10 }

test.each<[string, Sample[], number]>([
  ['nothing was disturbed', [sample(900, 99), sample(1_010, 5)], 0],
  ['one answer was late', [sample(1_010, 5), sample(1_150, 11), sample(1_250, 5)], 200],
  ['a refusal is not normal', [sample(1_050, 1, 'refused'), sample(1_150, 1)], 100],
  ['it was better for a while', [sample(1_050, 1), sample(1_250, 50), sample(1_350, 1)], 300],
  ['it never was', [sample(1_050, 1), sample(1_250, 50)], Number.POSITIVE_INFINITY],
  ['nothing was asked', [sample(900, 1)], Number.NaN],
])('recovery: %s', (_, samples, expected) => {
  expect(recoveryMs(samples, NORMAL)).toBe(expected)
})

test('no picture is asked for twice, one source is one, and another dialect has its own words', () => {
  const supply = new MissSupply(Array.from({ length: 20 }, (_, index) => `photos/${index}.jpg`))
  const all = [
    ...supply.take('everyone', 50).paths,
    ...supply.take('client', 50).paths,
    ...supply.take('source', 1_500).paths,
    ...supply.take('source', 50).paths,
  ]
  expect(new Set(all).size).toBe(all.length)
  const sourcesOf = (paths: readonly string[]) => new Set(paths.map((path) => path.split('/')[3]))
  expect(sourcesOf(all.slice(100, 1_600)).size).toBe(1)
  expect(sourcesOf(all.slice(0, 50)).size).toBe(18)
  expect(supply.take('client', 1).clients).toHaveLength(1)
  expect(new Set(supply.take('everyone', 1).clients).size).toBeGreaterThan(4_000)
  expect(supply.take('dialect', 1).paths[0]).toMatch(/^\/cdn-cgi\/image\/width=\d+,format=webp\/photos\//)
  expect(() => supply.take('source', 1)).toThrow(RangeError)
})

const turn = (hitsP99Ms: number, visitor: Sample[]): OverloadTurn => {
  const idle = tallyOf([sample(0, 1)])
  const lone = tallyOf(visitor)
  return {
    capacity: 20,
    idle: { hits: idle, misses: idle },
    loaded: {
      hits: tallyOf([sample(0, hitsP99Ms)]),
      misses: tallyOf([sample(0, 4, 'refused'), sample(0, 900)]),
      refusals: tallyOf([sample(0, 4, 'refused')]),
      rendersPerSecond: 20,
      bucketCallsPerMiss: 0.5,
      cpuMsPerMiss: 1,
    },
    recovery: { hits: 100, misses: 400, queue: 3_000 },
    visitors: { source: lone, client: lone, dialect: lone },
  }
}

test('what is asked for holds by the medians of the turns, and what was not measured does not', () => {
  const served = [sample(0, 1)]
  expect(findingsOf([turn(4, served), turn(3, served), turn(99, served)]).every(({ holds }) => holds)).toBe(
    true,
  )
  const broken = (turns: OverloadTurn[]) =>
    findingsOf(turns)
      .filter(({ holds }) => !holds)
      .map(({ what }) => what)
  expect(broken([turn(4, served), turn(6, served), turn(6, served)])).toEqual([
    'p99 of hits, of that when idle',
  ])
  expect(broken([turn(4, [sample(0, 1, 'refused')])])).toHaveLength(3)
  expect(broken([turn(4, [])])).toHaveLength(3)
})

test('the table has a row for each kind of request, and every limit its line', () => {
  const turns = [turn(4, [sample(0, 1)]), turn(6, [sample(0, 3, 'refused')])]
  const [hits] = resultsOf(turns).slice(1)
  expect(hits).toMatchObject({ name: 'hits, overloaded', requests: 2, p99_ms: 5 })
  const report = formatReport(turns, findingsOf(turns)).join('\n')
  expect(report).toMatch(/^visitor, one client floods +2 +1 +0 +1 /m)
  expect(report).toMatch(
    /^BROKEN +share of answers with a picture.* while one client floods: 0\.5, at least 0\.9$/m,
  )
  expect(report).toContain('holds   p99 of refusals, ms: 4, at most 50')
})

test('what cannot be asked for is refused', () => {
  expect(parseOverloadOptions([])).toMatchObject({ turns: 3, times: 10, json: undefined })
  expect(() => parseOverloadOptions(['--times', '0'])).toThrow('--times 0: accepted is a number above 0')
  expect(() => parseOverloadOptions(['--fast'])).toThrow('--fast')
})

test('requests come when they are due, whatever became of those before, and their time counts from then', async () => {
  const count = 20
  const held: ServerResponse[] = []
  const clients: unknown[] = []
  const server = createServer(({ headers }, response) => {
    clients.push(headers['x-forwarded-for'])
    held.push(response)
    // Nobody is answered before all have asked: whoever waited for an answer would wait for ever.
    if (held.length === count) for (const waiting of held) waiting.setHeader('content-length', 0).end()
  })
  const url = await listen(server)
  onTestFinished(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  const child = startChild('open-loop')
  onTestFinished(() => child.stop())
  const job: OpenLoopJob = {
    url,
    paths: Array.from({ length: count }, (_, index) => `/${index}`),
    startAt: monotonicMs(),
    everyMs: 10,
    clients: ['192.0.2.1', '192.0.2.2'],
    patienceMs: 20_000,
  }
  const { samples } = await child.ask(job, z.object({ samples: z.array(sampleSchema) }))
  expect(samples.map(({ outcome }) => outcome)).toEqual(Array(count).fill('picture'))
  const inTurn = samples.toSorted((one, other) => one.dueAt - other.dueAt)
  expect(inTurn.map(({ dueAt }) => Math.round((dueAt - job.startAt) / job.everyMs))).toEqual(
    Array.from({ length: count }, (_, index) => index),
  )
  // All were answered at once: whoever was due so much earlier has waited for so much longer, but for the answers' own time.
  const [first, last] = [inTurn[0], inTurn.at(-1)]
  expect((first?.ms ?? 0) - (last?.ms ?? 0)).toBeGreaterThan(((count - 1) * job.everyMs) / 2)
  expect(new Set(clients)).toEqual(new Set(job.clients))
})

test('what is not answered in time is wrong, and the rest is still counted', async () => {
  const server = createServer(({ url }, response) => {
    if (url !== '/2') response.setHeader('content-length', 0).end()
  })
  const url = await listen(server)
  onTestFinished(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  const child = startChild('open-loop')
  onTestFinished(() => child.stop())
  const ask = async (paths: string[]) => {
    const job: OpenLoopJob = {
      url,
      paths,
      startAt: monotonicMs(),
      everyMs: 1,
      clients: [],
      patienceMs: 3_000,
    }
    return child.ask(job, z.object({ samples: z.array(sampleSchema) }))
  }
  // The process has started when this one has been answered, or given up.
  await ask(['/0'])
  const { samples } = await ask(['/0', '/1', '/2', '/3'])
  expect(tallyOf(samples).outcomes).toMatchObject({ picture: 3, wrong: 1 })
})

test('a short run leaves a row for each kind of request, and says by its exit code whether all limits hold', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'overload-test-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'overload.json')
  const short = [
    '--turns',
    '1',
    '--seconds',
    '0.5',
    '--aftermath',
    '0.5',
    '--times',
    '3',
    '--sources',
    '40',
    '--hits',
    '50',
  ]
  const args = ['--import', 'tsx', 'bench/overload/main.ts', ...short, '--json', file]
  const ended = await promisify(execFile)(process.execPath, args).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  )
  const { results, findings } = shortRun.parse(JSON.parse(await readFile(file, 'utf8')))
  const measured = results.filter(({ requests }) => requests > 0).map(({ name }) => name)
  expect(measured).toEqual(expect.arrayContaining(['hits, idle', 'hits, overloaded', 'misses, overloaded']))
  expect(results).toHaveLength(8)
  const rows = new Map(results.map(({ name, outcomes }) => [name, outcomes]))
  expect(rows.get('hits, idle')).toEqual({ picture: 25, 'stand-in': 0, refused: 0, limited: 0, wrong: 0 })
  expect(rows.get('hits, overloaded')).toMatchObject({ picture: 25 })
  expect(rows.get('misses, overloaded')).toMatchObject({ wrong: 0 })
  expect(ended.code).toBe(findings.every(({ holds }) => holds) ? 0 : 1)
  expect(ended.stdout).toContain('renders a second')
}, 120_000)

const shortRun = z.object({
  results: z.array(
    z.object({ name: z.string(), requests: z.int(), outcomes: z.record(z.string(), z.int()) }),
  ),
  findings: z.array(z.object({ holds: z.boolean() })),
})
