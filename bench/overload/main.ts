import { writeFile } from 'node:fs/promises'
import { quietSdk } from '../../src/config.ts'
import { findCores } from '../pin.ts'
import { setStage } from '../stage.ts'
import { UsageError } from '../usage-error.ts'
import { findingsOf } from './limits.ts'
import { type OverloadOptions, parseOverloadOptions } from './options.ts'
import { formatReport, resultsOf } from './report.ts'
import { type OverloadTurn, takeOverloadTurn, warmUp } from './run.ts'
import { openOverloadSite } from './site.ts'

/**
 * What becomes of hits, of misses and of others while misses come at many times what can be rendered.
 * usage: npm run overload [-- --turns N] [--seconds S] [--times 10] [--hits RPS] [--sources N] [--json FILE]
 */
async function run(options: OverloadOptions): Promise<void> {
  const { cores, obstacle } = findCores()
  say(
    obstacle === undefined
      ? 'Gateway and workers on core 0, the rest on core 1'
      : `Nothing is pinned: ${obstacle}`,
  )
  const stage = await setStage(cores)
  const turns: OverloadTurn[] = []
  try {
    const site = await openOverloadSite(stage, options)
    try {
      await warmUp(site, options)
      for (let turn = 0; turn < options.turns; turn += 1) {
        turns.push(await takeOverloadTurn(site, options))
        say(`turn ${turn + 1} of ${options.turns}`)
      }
    } finally {
      await site.close()
    }
  } finally {
    await stage.close()
  }
  const findings = findingsOf(turns)
  say(formatReport(turns, findings).join('\n'))
  const { json } = options
  if (json !== undefined) {
    await writeFile(json, `${JSON.stringify({ results: resultsOf(turns), findings, turns }, null, 2)}\n`)
  }
  if (findings.some(({ holds }) => !holds)) process.exitCode = 1
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What shells call EX_USAGE. */
const EXIT_USAGE = 64

quietSdk()
// `exit` ends what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  await run(parseOverloadOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`overload: ${error.message}\n`)
  process.exitCode = EXIT_USAGE
}
