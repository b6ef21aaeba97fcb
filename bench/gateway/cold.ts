import { setPriority } from 'node:os'
import { cpuCount } from '../../src/machine/cpu-quota.ts'
import { WORKER_NICENESS } from '../../src/render/worker-process.ts'
import type { OutputFormat } from '../../src/transform/spec.ts'
import { type Child, startChild } from '../child.ts'
import { type Contest, sideBySide } from '../contest.ts'
import type { BareSharpJob, CrowdJob } from '../processes/jobs.ts'
import type { Stage } from '../stage.ts'
import { together, type Turn, turnSchema } from '../turn.ts'
import { fromLayer } from './layer.ts'
import { provideSources, type SourceFormat, sourcesAs } from './sources.ts'

export interface ColdOptions {
  /** Of the sources; JPEG unless said. */
  readonly from?: SourceFormat
  readonly format: OutputFormat
  /** Gateway and render worker share the one core that the bare loop has; else workers leave a core to all the rest. */
  readonly oneCore?: boolean
}

/** So many requests for each worker, so that one that is free finds a source that has been fetched. */
const REQUESTS_A_WORKER = 4
/** To learn how many pictures a turn may need. */
const CALIBRATION_SECONDS = 0.3
/** Sources in store for a turn, as a multiple of what the bare loop would use up. */
const RESERVE = 1.3

/** Pictures that nobody has asked for before: every one looked up, fetched, rendered, answered and stored. */
export function openCold(options: ColdOptions): (stage: Stage) => Promise<Contest> {
  const { from = 'jpg', format, oneCore = false } = options
  return async (stage) => {
    const core = oneCore ? stage.cores.server : undefined
    const workers = oneCore ? 1 : Math.max(1, cpuCount() - 1)
    const crowd = startChild('crowd', stage.cores.load)
    const loops = Array.from({ length: workers }, () => startBareLoop(core))
    const settings = { HALFTONE_SIZES: 'any', HALFTONE_WORKERS: `${workers}` }
    const gateway = await stage.startGateway(settings, core)
    const pictures = await sourcesAs(from, stage.photos)
    let width = stage.freshWidth()
    const bareTurn = async (seconds: number): Promise<Turn> => {
      const job: BareSharpJob = { pictures, width, format, seconds }
      return together(await Promise.all(loops.map((loop) => loop.ask(job, turnSchema))))
    }
    const calibration = await bareTurn(CALIBRATION_SECONDS)
    const concurrency = workers * REQUESTS_A_WORKER
    const coldTurn = async (seconds: number): Promise<Turn> => {
      // A width of its own: nothing of an earlier turn is stored in it.
      width = stage.freshWidth()
      const count = Math.ceil(calibration.rps * seconds * RESERVE) + concurrency
      const keys = await provideSources(stage, { from, pictures, count })
      const paths = keys.map((key) => `/img/${key}/${width}.${format}`)
      const job: CrowdJob = { url: gateway.url, paths, concurrency, seconds }
      return fromLayer(gateway, 'render', () => crowd.ask(job, turnSchema))
    }
    return {
      ...sideBySide(coldTurn, bareTurn),
      rssMb: async () => (await gateway.metrics()).rssMb,
      async close() {
        await Promise.all([crowd, gateway, ...loops].map((side) => side.stop()))
      },
    }
  }
}

/** Render workers have a lower priority; where other programs run as well that must cost both sides the same. */
function startBareLoop(core: number | undefined): Child {
  const loop = startChild('bare-sharp', core)
  if (loop.pid !== undefined) setPriority(loop.pid, WORKER_NICENESS)
  return loop
}
