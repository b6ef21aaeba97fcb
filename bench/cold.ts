import { setPriority } from 'node:os'
import { cpuCount } from '../src/render/cpu-quota.ts'
import { WORKER_NICENESS } from '../src/render/worker-process.ts'
import type { OutputFormat } from '../src/transform/spec.ts'
import { type Child, startChild } from './child.ts'
import { type Contest, sideBySide } from './contest.ts'
import { eachOf } from './each-of.ts'
import { fromLayer } from './layer.ts'
import type { BareSharpJob, CrowdJob } from './processes/jobs.ts'
import type { Stage } from './stage.ts'
import { together, type Turn, turnSchema } from './turn.ts'

export interface ColdOptions {
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
export function openCold({ format, oneCore = false }: ColdOptions): (stage: Stage) => Promise<Contest> {
  return async (stage) => {
    const core = oneCore ? stage.cores.server : undefined
    const workers = oneCore ? 1 : Math.max(1, cpuCount() - 1)
    const crowd = startChild('crowd', stage.cores.load)
    const loops = Array.from({ length: workers }, () => startBareLoop(core))
    const settings = { HALFTONE_SIZES: 'any', HALFTONE_WORKERS: `${workers}` }
    const gateway = await stage.startGateway(settings, core)
    const bareTurn = async (width: number, seconds: number): Promise<Turn> => {
      const job: BareSharpJob = { pictures: [...stage.photos], width, format, seconds }
      return together(await Promise.all(loops.map((loop) => loop.ask(job, turnSchema))))
    }
    const calibration = await bareTurn(stage.freshWidth(), CALIBRATION_SECONDS)
    const concurrency = workers * REQUESTS_A_WORKER
    return {
      async play(seconds) {
        // A width of its own: nothing of an earlier turn is stored in it.
        const width = stage.freshWidth()
        const keys = await provideSources(stage, Math.ceil(calibration.rps * seconds * RESERVE) + concurrency)
        const paths = keys.map((key) => `/img/${key}/${width}.${format}`)
        const job: CrowdJob = { url: gateway.url, paths, concurrency, seconds }
        return sideBySide(
          () => fromLayer(gateway, 'render', () => crowd.ask(job, turnSchema)),
          () => bareTurn(width, seconds),
        )
      },
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

/** The keys of so many sources, stored if an earlier turn or scenario has not done so. */
async function provideSources({ store, photos }: Stage, count: number): Promise<string[]> {
  const all = Array.from({ length: count }, (_, index) => ({
    key: `photos/cold/${index}.jpg`,
    photo: photos[index % photos.length] ?? Buffer.alloc(0),
  }))
  const stored = new Set<string>()
  for await (const { key } of store.list('photos/cold/')) stored.add(key)
  const missing = all.filter(({ key }) => !stored.has(key))
  await eachOf(missing, async ({ key, photo }) => store.put(key, photo, { contentType: 'image/jpeg' }))
  return all.map(({ key }) => key)
}
