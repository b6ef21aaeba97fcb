import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)

/** More than a test has: a run is a dozen processes, and a busy machine takes its time to start them. */
const RUN_MS = 120_000
const bench = (args: readonly string[]) =>
  run(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args])

test(
  'a run of all scenarios writes one object for each, and none of them has an error',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-test-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const file = join(directory, 'results.json')
    const names = ['hot', 'not-modified', 'warm', 'cold', 'herd']
    await bench(['--turns', '1', '--seconds', '0.2', '--json', file, ...names])

    const results: unknown = JSON.parse(await readFile(file, 'utf8'))
    const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0)
    expect(results).toEqual(
      names.map((name) => ({
        name,
        requests: positive,
        errors: 0,
        rps: positive,
        p50_ms: positive,
        p99_ms: positive,
        rss_mb: positive,
        // Times on a busy machine say nothing; how often a picture was rendered does.
        ratio: name === 'herd' ? 1 : positive,
        spread: { min: positive, max: positive },
        baseline_rps: name === 'herd' ? null : positive,
      })),
    )
  },
  RUN_MS,
)

test(
  'the origin stands beside bare servers on Node, and neither side has an error',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-test-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const file = join(directory, 'results.json')
    const names = ['origin-get-node', 'origin-put-node']
    await bench(['--turns', '1', '--seconds', '0.2', '--json', file, ...names])

    const results: unknown = JSON.parse(await readFile(file, 'utf8'))
    const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0)
    expect(results).toEqual(
      names.map((name) => expect.objectContaining({ name, errors: 0, requests: positive, ratio: positive })),
    )
  },
  RUN_MS,
)

test('what cannot be asked for is named, and the exit code says so', async () => {
  await expect(bench(['tepid'])).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/^bench: tepid: accepted are hot /),
  })
})
