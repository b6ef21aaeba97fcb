import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { quietSdk } from '../src/config.ts'
import { against } from './compare/against.ts'
import { type BuiltRef, buildRef } from './compare/build-ref.ts'
import type { Scenario } from './contest.ts'
import { type BenchOptions, parseOptions } from './options.ts'
import { findCores } from './pin.ts'
import { type Result, runScenario } from './run-scenario.ts'
import { type Stage, setStage } from './stage.ts'
import { UsageError } from './usage-error.ts'

/** What shells call EX_USAGE. */
const EXIT_USAGE = 64

quietSdk()
// `exit` ends what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  await bench(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = EXIT_USAGE
}

async function bench(options: BenchOptions): Promise<void> {
  const { json, compare, turns, seconds } = options
  const rival = compare === undefined ? undefined : await buildRef(compare)
  const { cores, obstacle } = findCores()
  say(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; ${turns} turns of ${seconds} s`,
  )
  say(
    obstacle === undefined
      ? 'The gateway and its baseline on core 0 in turns, origin and load on core 1'
      : `Nothing is pinned: ${obstacle}`,
  )
  const stage = await setStage(cores)
  const results: Result[] = []
  try {
    for (const scenario of rivalled(options.scenarios, stage, rival)) {
      const result = await perform(scenario, stage, options)
      if (result !== undefined) results.push(result)
    }
  } finally {
    await stage.close()
    rival?.remove()
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`)
  if (results.some(({ errors }) => errors > 0)) process.exitCode = 1
}

/** The scenarios beside their baselines, or beside another build. */
function rivalled(scenarios: readonly Scenario[], stage: Stage, built?: BuiltRef): readonly Scenario[] {
  if (built === undefined) return scenarios
  const rival = { name: built.name, stage: stage.forBuild(built.folder) }
  return scenarios.map((scenario) => against(scenario, rival))
}

async function perform(scenario: Scenario, stage: Stage, options: BenchOptions): Promise<Result | undefined> {
  say(`\n${scenario.name}: ${scenario.measures}, beside ${scenario.baseline}`)
  const obstacle = scenario.obstacle?.()
  if (obstacle !== undefined) {
    say(`  left out: ${obstacle}`)
    return undefined
  }
  const result = await runScenario(scenario, stage, options)
  say(line(result))
  return result
}

function line(result: Result): string {
  const { requests, errors, rps, baseline_rps, p50_ms, p99_ms, rss_mb, ratio, spread } = result
  const beside = baseline_rps === null ? '' : ` of ${baseline_rps}`
  return `  ratio ${ratio} (${spread.min} to ${spread.max}), ${rps}${beside} req/s, p50 ${p50_ms} ms, p99 ${p99_ms} ms, ${rss_mb} MB, ${requests} requests, ${errors} errors`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
