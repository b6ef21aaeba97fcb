import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { SoakOptions } from './soak.ts'

export type SoakCommand = Omit<SoakOptions, 'faults' | 'say'> & { readonly json: string | undefined }

/** What the command line asks for; throws where it cannot be understood. */
export function parseSoakOptions(args: readonly string[]): SoakCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '1' },
      rate: { type: 'string', default: '12' },
      items: { type: 'string', default: '12' },
      budget: { type: 'string', default: '0.001' },
      seed: { type: 'string', default: `${randomInt(1_000_000)}` },
      json: { type: 'string' },
    },
  })
  return {
    minutes: numberOf('--minutes', values.minutes, 24 * 60),
    rate: numberOf('--rate', values.rate, 1_000),
    items: Math.ceil(numberOf('--items', values.items, 1_000)),
    budget: numberOf('--budget', values.budget, 1),
    seed: Math.ceil(numberOf('--seed', values.seed, 2 ** 31)),
    json: values.json,
  }
}

function numberOf(name: string, text: string, most: number): number {
  const value = Number(text)
  if (value > 0 && value <= most) return value
  throw new RangeError(`${name} ${text}: accepted is a number above 0, at most ${most}`)
}
