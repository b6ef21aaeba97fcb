import { parseArgs } from 'node:util'
import type { Scenario } from './contest.ts'
import type { TurnOptions } from './run-scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { UsageError } from './usage-error.ts'

export interface BenchOptions extends TurnOptions {
  /** Where the results go as JSON. */
  readonly json: string | undefined
  /** The branch, tag or commit whose build takes the place of every baseline. */
  readonly compare: string | undefined
  readonly scenarios: readonly Scenario[]
}

/** What the command line asks for: five turns of five seconds of every scenario that is not optional, unless it says otherwise. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args)
  const named = positionals.map((name) => {
    const scenario = SCENARIOS.find((scenario) => scenario.name === name)
    if (scenario !== undefined) return scenario
    throw new UsageError(`${name}: accepted are ${SCENARIOS.map(({ name }) => name).join(' ')}`)
  })
  return {
    json: values.json,
    compare: values.compare,
    turns: Math.ceil(numberOf('--turns', values.turns, 100)),
    seconds: numberOf('--seconds', values.seconds, 120),
    scenarios: named.length > 0 ? named : SCENARIOS.filter(({ optional }) => optional !== true),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        compare: { type: 'string' },
        turns: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '5' },
      },
    })
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function numberOf(name: string, text: string, max: number): number {
  const value = Number(text)
  if (value > 0 && value <= max) return value
  throw new UsageError(`${name} ${text}: accepted is a number above 0, at most ${max}`)
}
