import { parseArgs } from 'node:util'
import { type Format, FORMATS } from '../test/support/hostile/hostile-file.ts'
import { runFuzz } from '../test/support/hostile/run.ts'
import { createSeeds } from '../test/support/hostile/seeds.ts'
import { openStage } from '../test/support/hostile/stage.ts'

/**
 * Hostile pictures through the whole program: bombs, polyglots, files cut off, and mutations of good ones.
 * usage: npm run fuzz -- [--per-format N] [--seed S] [--format F] [--only INDEX] [--minutes M] [--at-once 2]
 */
const { values } = parseArgs({
  options: {
    'per-format': { type: 'string', default: '2000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    format: { type: 'string' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '120' },
    'at-once': { type: 'string', default: '2' },
  },
})
const formats = FORMATS.filter((format) => values.format === undefined || format === values.format)
if (formats.length === 0) throw new RangeError(`--format ${values.format}: accepted are ${FORMATS.join(' ')}`)

const MB = 1024 * 1024
const only = values.only === undefined ? undefined : Number(values.only)
process.exitCode = (await fuzz(formats)) ? 0 : 1

/** Whether everything held. */
async function fuzz(formats: readonly Format[]): Promise<boolean> {
  const stage = await openStage()
  const seed = Number(values.seed)
  console.log(`seed ${seed}`)
  const outcome = await runFuzz(
    stage,
    await createSeeds(),
    {
      seed,
      formats,
      perFormat: Number(values['per-format']),
      only,
      cuts: 60,
      uploads: only === undefined ? 100 : 0,
      long: true,
      atOnce: Number(values['at-once']),
      end: performance.now() + Number(values.minutes) * 60_000,
    },
    console.log,
  )
  for (const death of outcome.deaths) console.log(`worker replaced: ${death}`)
  for (const fault of outcome.faults) console.log(`FAULT ${fault}`)
  const { before, after, cases, faults } = outcome
  console.log(`gateway ${inMb(before.gatewayBytes)} before, ${inMb(after.gatewayBytes)} after`)
  console.log(`largest worker ${inMb(before.workerBytes)} before, ${inMb(after.workerBytes)} after`)
  console.log(`descriptors ${before.descriptors} before, ${after.descriptors} after`)
  console.log(
    `${cases} files, ${faults.length} faults, workers replaced: ${JSON.stringify(await stage.restarts())}`,
  )
  const code = await stage.close()
  return faults.length === 0 && code === 0
}

function inMb(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`
}
