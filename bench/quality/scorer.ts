import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import type { RawPixels } from '../../src/pixels/colours.ts'
import { UsageError } from '../usage-error.ts'

const run = promisify(execFile)

const HOW_TO_INSTALL =
  'install it with "cargo install ssimulacra2_rs --locked --no-default-features", or say in SSIMULACRA2 where it is'

/** Scores pictures against one that they were made from: SSIMULACRA2, 100 for equal, about 70 for good, 90 for no visible loss. */
export interface Scorer {
  /** The score of an encoded picture. One with transparency is laid on white and on black; the worse score counts. */
  score(original: RawPixels, encoded: Uint8Array): Promise<number>
  close(): Promise<void>
}

/** Finds the program that scores; who has none is told how to get it. */
export async function openScorer(program = process.env['SSIMULACRA2'] ?? 'ssimulacra2_rs'): Promise<Scorer> {
  await run(program, ['--version']).catch((cause: unknown) => {
    throw new UsageError(`${program} cannot be run: ${HOW_TO_INSTALL}`, { cause })
  })
  const folder = await mkdtemp(join(tmpdir(), 'halftone-quality-'))
  const files = [join(folder, 'original.png'), join(folder, 'encoded.png')] as const
  const compare = async (original: Sharp, encoded: Sharp): Promise<number> => {
    await original.removeAlpha().png({ compressionLevel: 1 }).toFile(files[0])
    await encoded.removeAlpha().png({ compressionLevel: 1 }).toFile(files[1])
    const { stdout } = await run(program, ['image', ...files])
    return parseScore(stdout)
  }
  return {
    async score({ data, width, height, channels }, encoded) {
      const raw = { width, height, channels }
      const { hasAlpha } = await sharp(encoded).metadata()
      const scores: number[] = []
      for (const background of hasAlpha && channels % 2 === 0 ? ['#fff', '#000'] : ['#fff']) {
        const laidOn = (picture: Sharp) => picture.flatten({ background }).toColourspace('srgb')
        scores.push(await compare(laidOn(sharp(data, { raw })), laidOn(sharp(encoded))))
      }
      return Math.min(...scores)
    },
    close: () => rm(folder, { recursive: true }),
  }
}

/** The score in what the program prints. */
export function parseScore(output: string): number {
  const [, score] = /^Score: (-?\d+(?:\.\d+)?)$/m.exec(output) ?? []
  if (score === undefined) throw new Error(`No score in "${output.trim().slice(0, 200)}"`)
  return Number(score)
}
