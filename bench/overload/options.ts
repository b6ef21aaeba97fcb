import { parseArgs } from 'node:util'
import { UsageError } from '../usage-error.ts'
import type { RunOptions } from './run.ts'

export interface OverloadOptions extends RunOptions {
  readonly turns: number
  /** How many pictures are in the bucket. */
  readonly sources: number
  /** Where the results go as JSON. */
  readonly json: string | undefined
}

/** What the command line asks for. */
export function parseOverloadOptions(args: readonly string[]): OverloadOptions {
  const { values } = parse(args)
  const number = (name: keyof typeof values, max: number) => {
    const value = Number(values[name])
    if (value > 0 && value <= max) return value
    throw new UsageError(`--${name} ${values[name]}: accepted is a number above 0, at most ${max}`)
  }
  return {
    turns: Math.ceil(number('turns', 20)),
    seconds: number('seconds', 60),
    hitRps: number('hits', 5_000),
    times: number('times', 50),
    aftermathSeconds: number('aftermath', 60),
    sources: Math.ceil(number('sources', 2_000)),
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'string' },
        turns: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '6' },
        hits: { type: 'string', default: '500' },
        times: { type: 'string', default: '10' },
        // Recovery is to take five seconds at most: one more, so that a longer one is seen.
        aftermath: { type: 'string', default: '6' },
        sources: { type: 'string', default: '600' },
      },
    })
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
