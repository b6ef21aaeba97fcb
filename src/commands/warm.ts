import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { useLogFiles } from '../composition/log-files.ts'
import { ORIGIN_SECRET_HEADER } from '../cdn/origin-secret.ts'
import { type Config, ConfigError } from '../config.ts'
import { GatewayError } from '../errors.ts'
import { FrequentKeys } from '../traffic/frequent-keys.ts'
import { readLogs } from '../traffic/read-logs.ts'
import { formatBytes } from '../traffic/text-table.ts'
import { ANSWERED_BY, createAsk } from '../warming/ask.ts'
import { createProgress } from '../warming/progress.ts'
import { openWarmState, OtherPlanError, type WarmState } from '../warming/warm-state.ts'
import { createWarmPlan, type WarmPlan, type WarmTask } from '../warming/warm-tasks.ts'
import { warm as warmPictures, type WarmReport } from '../warming/warm.ts'
import { printable, useBucket, withBucket } from './bucket.ts'

export interface WarmChoices {
  /** A file with a path in every line; `-` is standard input. */
  readonly file?: string | undefined
  readonly all?: boolean | undefined
  readonly fromLogs?: readonly string[] | undefined
  /** How many of the paths in the logs. */
  readonly top: number
  readonly sizes?: readonly string[] | undefined
  readonly formats: readonly string[]
  readonly url?: string | undefined
  readonly originSecret?: boolean | undefined
  readonly lanes: number
  readonly state?: string | undefined
}

/** As browsers have it: `auto` is settled by it. */
const ACCEPT = 'image/avif,image/webp,image/*,*/*;q=0.8'
/** Longer than the gateway lets a request take, an edge that tries twice included. */
const TIMEOUT_MS = 60_000

/** Asks for pictures so that gateway and edge have them, and prints what came of it; false when some could not be had. */
export async function warm(config: Config, paths: readonly string[], choices: WarmChoices): Promise<boolean> {
  const { file, all = false, fromLogs = [] } = choices
  if (paths.length === 0 && file === undefined && !all && fromLogs.length === 0)
    throw new ConfigError('warm: name paths, a --file with them, --from-logs or --all')
  const url = urlOf(config, choices)
  const plan = planOf(config, choices)
  const lines = [...paths, ...(file === undefined ? [] : await readLines(file))]
  const logged = fromLogs.length === 0 ? [] : await readTop(config, fromLogs, choices.top)
  const listed = [...lines, ...logged].map((line) => taskOf(plan, line))
  const state = choices.state === undefined ? undefined : openState(choices.state, [url, plan.sizes])
  const options = { ...choices, url, headers: headersOf(config, choices) }
  const report = all
    ? await useBucket(withBucket(config), (store) =>
        run(chain(listed, plan.ofLibrary(store)), options, state),
      )
    : await run(chain(listed), { ...options, total: countLeft(listed, state) }, state)
  process.stdout.write(printable(formatReport(report, url)))
  if (report.gaveUp !== undefined || report.failed > 0) return false
  await state?.finish()
  return true
}

interface RunOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly lanes: number
  readonly total?: number
}

async function run(
  tasks: AsyncIterable<WarmTask>,
  { url, headers, lanes, total }: RunOptions,
  state: WarmState | undefined,
): Promise<WarmReport> {
  const progress = createProgress(process.stderr, total)
  try {
    return await warmPictures(leftOf(tasks, state), {
      ask: createAsk({ url, headers, timeoutMs: TIMEOUT_MS }),
      lanes,
      onDone: ({ name }) => state?.done(name),
      onFailure(target, reason) {
        progress.end()
        process.stderr.write(printable(`${target}: ${reason}\n`))
      },
      onPicture: (report) => progress.show(report),
    })
  } finally {
    progress.end()
  }
}

async function* chain(listed: readonly WarmTask[], more?: AsyncIterable<WarmTask>): AsyncGenerator<WarmTask> {
  yield* listed
  if (more !== undefined) yield* more
}

async function* leftOf(
  tasks: AsyncIterable<WarmTask>,
  state: WarmState | undefined,
): AsyncGenerator<WarmTask> {
  for await (const task of tasks) if (state?.isDone(task.name) !== true) yield task
}

function countLeft(tasks: readonly WarmTask[], state: WarmState | undefined): number {
  const left = tasks.filter(({ name }) => state?.isDone(name) !== true)
  return left.reduce((sum, { targets }) => sum + targets.length, 0)
}

/** Where pictures are asked for: by default where the API says that they are. */
function urlOf(config: Config, { url }: WarmChoices): string {
  const { HALFTONE_CDN_URL: edge, HALFTONE_PUBLIC_URL: gateway, PORT } = config
  const address = url ?? edge ?? gateway ?? `http://127.0.0.1:${PORT}`
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new ConfigError(`warm: --url ${address} is no address such as https://cdn.example`)
  return address.replace(/\/+$/, '')
}

function headersOf(config: Config, { originSecret = false }: WarmChoices): Record<string, string> {
  // Nobody waits for it: the gateway lets everybody else go first.
  const headers = { accept: ACCEPT, 'user-agent': 'halftone-warm', priority: 'u=7' }
  if (!originSecret) return headers
  const [secret] = config.HALFTONE_ORIGIN_SECRETS
  if (secret === undefined) throw new ConfigError('warm: --origin-secret needs HALFTONE_ORIGIN_SECRETS')
  return { ...headers, [ORIGIN_SECRET_HEADER]: secret }
}

function planOf(config: Config, { sizes, formats }: WarmChoices): WarmPlan {
  const { HALFTONE_PRESETS: presets } = config
  return settled(() =>
    createWarmPlan({
      presets,
      sizes,
      formats,
      usualSizes: {
        items: config.HALFTONE_ITEM_PHOTO_PRESETS,
        profiles: config.HALFTONE_PROFILE_PHOTO_PRESETS,
      },
    }),
  )
}

function taskOf(plan: WarmPlan, line: string): WarmTask {
  return settled(() => plan.ofLine(line), JSON.stringify(line))
}

/** What cannot be understood is a fault of the command line. */
function settled<T>(work: () => T, what = 'sizes and formats'): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause
    throw new ConfigError(`warm: ${what}: ${cause.message}`, { cause })
  }
}

async function readLines(file: string): Promise<string[]> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  const lines: string[] = []
  try {
    for await (const line of createInterface({ input })) if (line.trim() !== '') lines.push(line.trim())
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new ConfigError(`warm: ${file} cannot be read (${cause.message})`, { cause })
  }
  return lines
}

/** The paths that were asked for most often with success. */
async function readTop(config: Config, places: readonly string[], top: number): Promise<string[]> {
  const paths = new FrequentKeys()
  const opened = places.some((place) => place.startsWith('s3:')) ? withBucket(config) : config
  const { faults } = await useLogFiles(opened, places, (files) =>
    readLogs(files, ({ method, path, status }) => {
      if (method === 'GET' && status < 400 && /^\/s?img\//.test(path)) paths.add(path)
    }),
  )
  for (const { name, reason } of faults) process.stderr.write(printable(`${name}: ${reason}\n`))
  return paths.top(top).map(({ key }) => key)
}

function openState(file: string, plan: unknown): WarmState {
  try {
    return openWarmState(file, plan)
  } catch (cause) {
    if (!(cause instanceof OtherPlanError)) throw cause
    throw new ConfigError(
      `warm: ${file} is of a warming with another URL, other sizes or formats: remove it, or name another one`,
      { cause },
    )
  }
}

function formatReport(report: WarmReport, url: string): string {
  const { by, warm: count, bytes, absent, failed, waits, gaveUp } = report
  const layers = ANSWERED_BY.filter((name) => by[name] > 0).map((name) => `${name} ${by[name]}`)
  const lines = [
    `${count} pictures warm at ${url}, ${formatBytes(bytes)}${layers.length > 0 ? `; answered by: ${layers.join(', ')}` : ''}`,
    ...(absent > 0 ? [`${absent} are not there, or not for everybody`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(waits > 0 ? [`Waited ${waits} times for a server that was busy or could not be reached`] : []),
    ...(gaveUp !== undefined ? [`Given up at ${gaveUp}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
