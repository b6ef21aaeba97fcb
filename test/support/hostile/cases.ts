import { createRandom } from '../../../bench/hit-ratio/random.ts'
import { type ByFormat, type Format, FORMATS, type HostileFile } from './hostile-file.ts'
import { mutate, one } from './mutations.ts'
import { mend } from './pieces.ts'

/** What makes a case again: the same three, the same bytes. */
export interface CaseName {
  readonly seed: number
  readonly format: Format
  readonly index: number
}

/** A file made from a good one. */
export interface HostileCase extends HostileFile {
  /** What the choice of requests goes on with. */
  readonly random: () => number
}

/** The case of that name; the good files have to be the same, too. */
export function createCase(
  { seed, format, index }: CaseName,
  seeds: ByFormat<readonly HostileFile[]>,
): HostileCase {
  const random = createRandom(Math.imul(seed, 1_000_003) + FORMATS.indexOf(format) * 10_000_019 + index)
  const from = one(seeds[format], random)
  const other = one(seeds[random() < 0.7 ? format : one(FORMATS, random)], random)
  const { bytes, done } = mutate({ format, bytes: from.bytes, other: other.bytes, random })
  const isMended = random() < 0.5
  const name = `${format} ${index} of seed ${seed}: ${from.name}, ${done.join(', ')}${isMended ? ', mended' : ''}`
  return { name, bytes: isMended ? mend(format, bytes) : bytes, random }
}

/** A file cut off after every so many bytes. */
export function cutsOf({ name, bytes }: HostileFile, step: number): HostileFile[] {
  const cuts = Math.ceil(bytes.length / step)
  return Array.from({ length: cuts }, (_, cut) => ({
    name: `${name}, its first ${cut * step} bytes`,
    bytes: bytes.subarray(0, cut * step),
  }))
}
