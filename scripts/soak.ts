/**
 * Everything at once for so many minutes: views, uploads, changes and faults on two gateways behind the edge in small.
 * Exits with 1 when anything was lost, wrong, too old or left behind.
 * usage: npm run soak -- [--minutes N] [--rate VIEWS_A_SECOND] [--items N] [--budget SHARE] [--seed N] [--json FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseSoakOptions } from '../test/support/soak/options.ts'
import { formatReport } from '../test/support/soak/report.ts'
import { runSoak } from '../test/support/soak/soak.ts'

const { json, ...options } = parseSoakOptions(process.argv.slice(2))
process.stdout.write(`seed ${options.seed}\n`)
const report = await runSoak({ ...options, say: (text) => process.stdout.write(`${text}\n`) })
process.stdout.write(`\n${formatReport(report)}\n`)
if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
process.exitCode = report.isGood ? 0 : 1
