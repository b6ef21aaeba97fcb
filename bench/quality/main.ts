import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Content } from '../../src/pixels/colours.ts'
import { UsageError } from '../usage-error.ts'
import { type Measurement, measure } from './measure.ts'
import { parseStudyOptions, type StudyOptions } from './options.ts'
import { findPictures, resize } from './pictures.ts'
import { plotSvg } from './plot.ts'
import { openScorer, type Scorer } from './scorer.ts'
import { summarise, tablesOf } from './summary.ts'

/** What shells call EX_USAGE. */
const EXIT_USAGE = 64

const KINDS = {
  photo: { title: 'Photographs', scores: [60, 70, 80] },
  flat: { title: 'Flat graphics', scores: [70, 80, 90] },
} as const satisfies Record<Content, { title: string; scores: readonly number[] }>

// One thread, as a render worker has: processor time and bytes are then those of the gateway.
sharp.concurrency(1)
sharp.cache(false)

try {
  await study(parseStudyOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench:quality: ${error.message}\n`)
  process.exitCode = EXIT_USAGE
}

async function study(options: StudyOptions): Promise<void> {
  const scorer = await openScorer()
  try {
    await mkdir(options.out, { recursive: true })
    for (const width of options.widths) await studyAt(width, scorer, options)
  } finally {
    await scorer.close()
  }
}

async function studyAt(width: number, scorer: Scorer, options: StudyOptions): Promise<void> {
  const measurements: Measurement[] = []
  for (const picture of await findPictures(options.pictures, options.count)) {
    const resized = await resize(picture, width)
    process.stdout.write(`${width} ${resized.kind} ${resized.name}\n`)
    measurements.push(...(await measure(resized, scorer, options.series)))
  }
  await writeFile(join(options.out, `${width}.json`), `${JSON.stringify(measurements)}\n`)
  for (const [kind, { title, scores }] of Object.entries(KINDS)) {
    const own = measurements.filter((measurement) => measurement.kind === kind)
    if (own.length === 0) continue
    const pictures = new Set(own.map(({ picture }) => picture)).size
    const heading = `${title}, ${width} wide, n = ${pictures}`
    const points = summarise(own)
    await writeFile(join(options.out, `${kind}-${width}.svg`), plotSvg(heading, points))
    await writeFile(join(options.out, `${kind}-${width}.md`), `# ${heading}\n\n${tablesOf(points, scores)}`)
  }
}
