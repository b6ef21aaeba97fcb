import { spawnSync } from 'node:child_process'

/** Where processes run: the gateway and its baseline in turns on one core, origin and load on the other. */
export interface Cores {
  readonly server?: number
  readonly load?: number
}

const CORES = { server: 0, load: 1 } as const satisfies Cores

/** The cores to keep processes on, or why they cannot be kept there. */
export function findCores(): { readonly cores: Cores; readonly obstacle?: string } {
  const obstacle = whyNotPinned()
  return obstacle === undefined ? { cores: CORES } : { cores: {}, obstacle }
}

function whyNotPinned(): string | undefined {
  const { error, status } = spawnSync('taskset', ['-c', `${CORES.server},${CORES.load}`, 'true'])
  if (error !== undefined) return 'there is no taskset here'
  return status === 0 ? undefined : `cores ${CORES.server} and ${CORES.load} are not both ours`
}

/** The command line that runs `command` on one core; the command itself without a core. */
export function onCore(core: number | undefined, command: readonly string[]): readonly [string, ...string[]] {
  const [program = '', ...rest] = command
  return core === undefined ? [program, ...rest] : ['taskset', '-c', `${core}`, program, ...rest]
}
