import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openMany } from '../../bench/gateway/many.ts'
import { resultSchema } from '../../bench/run-scenario.ts'
import { setStage } from '../../bench/stage.ts'

const run = promisify(execFile)

/** More than a test has: a run is a dozen processes, and a busy machine takes its time to start them. */
const RUN_MS = 180_000
const bench = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
    env: { ...process.env, ...environment },
  })

/** Of each kind one that is not in another test, so short that a turn is a few requests. */
const NAMES = [
  'hot-large',
  'not-modified',
  'warm',
  'mixed',
  'cold-png-webp',
  'herd',
  'origin-get-node',
  'origin-put-node',
]
const SHORT = ['--turns', '1', '--seconds', '0.1']

test(
  'a run writes one object for each scenario, and neither side has an error',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-test-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const file = join(directory, 'results.json')
    await bench([...SHORT, '--json', file, ...NAMES])

    const results: unknown = JSON.parse(await readFile(file, 'utf8'))
    const positive = expect.toSatisfy((value) => typeof value === 'number' && value > 0)
    expect(results).toEqual(
      NAMES.map((name) => ({
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
  'many pictures are asked for by many URLs, all of them in memory, beside bare node:http',
  async () => {
    const stage = await setStage({}, 1)
    onTestFinished(() => stage.close())
    const contest = await openMany({ pictures: 200 })(stage)
    onTestFinished(() => contest.close())
    const { gateway, baselineRps, ratio } = await contest.play(0.1)
    expect(gateway).toMatchObject({ errors: 0 })
    expect(gateway.requests).toBeGreaterThan(0)
    expect(ratio).toBeCloseTo(gateway.rps / (baselineRps ?? 0))
  },
  RUN_MS,
)

test.runIf(existsSync('.git'))(
  '--compare puts the build of another ref in the place of the baseline, and leaves nothing of it behind',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-test-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const file = join(directory, 'results.json')
    const work = join(directory, 'work')
    await mkdir(work)
    const args = [...SHORT, '--json', file, '--compare', 'HEAD', 'hot', 'cold']
    const { stdout } = await bench(args, { TMPDIR: work })

    expect(stdout).toMatch(/^hot: .*, beside the same by HEAD \([0-9a-f]{7,}\)$/m)
    const results = z.array(resultSchema).parse(JSON.parse(await readFile(file, 'utf8')))
    expect(results.map(({ name, errors }) => ({ name, errors }))).toEqual([
      { name: 'hot', errors: 0 },
      { name: 'cold', errors: 0 },
    ])
    for (const { name, baseline_rps } of results) expect(baseline_rps, name).toBeGreaterThan(0)
    const left = await readdir(work)
    expect(left.filter((name) => name.startsWith('halftone-'))).toEqual([])
    const { stdout: trees } = await run('git', ['worktree', 'list'])
    expect(trees).not.toContain(work)
  },
  RUN_MS,
)

test.runIf(existsSync('.git'))(
  'a ref that does not exist is refused before anything is measured',
  async () => {
    await expect(bench(['--compare', 'no-such-ref', 'hot'])).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('bench: --compare no-such-ref: accepted is a branch, tag or commit'),
      stdout: '',
    })
  },
)

test('what cannot be asked for is named, and the exit code says so', async () => {
  await expect(bench(['tepid'])).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/^bench: tepid: accepted are hot /),
  })
})
