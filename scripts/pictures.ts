/**
 * Renders a folder of pictures through origin and gateway as they ship, into one page to look at, and says what was
 * refused: `npm run pictures -- DIR [--out FILE]`. Fails only when the gateway answered with a fault of its own.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type BenchGateway, setStage, type Stage } from '../bench/stage.ts'
import { quietSdk } from '../src/config.ts'
import { contactSheet, type Row, type Shot } from './contact-sheet.ts'

/** What every file is asked for; an animation also as GIF. */
const VARIANTS = ['320.webp', '320.avif', '320.png', '320x240.jpg']
const ANIMATED_VARIANT = '320.gif'

const USAGE = 'npm run pictures -- DIR [--out FILE]'

const problem = z.object({ detail: z.string() })

function readArguments(): { readonly directory: string; readonly out: string } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { out: { type: 'string', default: 'data/pictures.html' } },
    })
    const [directory, ...rest] = positionals
    if (directory === undefined || rest.length > 0) throw new TypeError('one directory is needed')
    return { directory, out: values.out }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`)
    process.exit(2)
  }
}

async function shootAll(directory: string, stage: Stage): Promise<Row[]> {
  const gateway = await stage.startGateway()
  try {
    return await shoot(directory, stage, gateway)
  } finally {
    await gateway.stop()
  }
}

/** Puts the files into the bucket and asks for each of them, in the order of their names. */
async function shoot(directory: string, stage: Stage, gateway: BenchGateway): Promise<Row[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const rows: Row[] = []
  for (const name of names.toSorted()) {
    const file = await readFile(join(directory, name))
    await stage.store.put(`photos/${name}`, file, { contentType: 'application/octet-stream' })
    rows.push({ name, bytes: file.length, shots: await shootOne(gateway.url, name) })
    process.stdout.write('.')
  }
  process.stdout.write('\n')
  return rows
}

async function shootOne(url: string, name: string): Promise<Shot[]> {
  const shots: Shot[] = []
  for (const variant of VARIANTS) shots.push(await ask(url, name, variant))
  if (shots.some(isAnimated)) shots.push(await ask(url, name, ANIMATED_VARIANT))
  return shots
}

async function ask(url: string, name: string, variant: string): Promise<Shot> {
  const startedAt = performance.now()
  const answer = await fetch(`${url}/img/photos/${encodeURIComponent(name)}/${variant}`)
  const body = Buffer.from(await answer.arrayBuffer())
  const contentType = answer.headers.get('content-type') ?? ''
  const detail = answer.ok ? undefined : detailOf(body.toString())
  return { variant, status: answer.status, contentType, body, detail, ms: performance.now() - startedAt }
}

function detailOf(body: string): string {
  return body.startsWith('{') ? problem.parse(JSON.parse(body)).detail : body.slice(0, 200)
}

/** Whether a WebP says that it is an animation: the chunk that gives its background and its loops. */
function isAnimated({ contentType, body }: Shot): boolean {
  return contentType === 'image/webp' && body.subarray(0, 64).includes('ANIM')
}

function report(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ name, shots }) => {
    const refusals = shots.filter(({ detail }) => detail !== undefined)
    // One refusal stands for all where they are alike.
    const alike = refusals.length === shots.length && new Set(refusals.map(({ detail }) => detail)).size === 1
    return (alike ? refusals.slice(0, 1) : refusals).map(({ variant, status, detail }) => {
      return `${status}  ${alike ? name : `${name} (${variant})`}: ${detail}`
    })
  })
  const shown = rows.filter(({ shots }) => shots.every(({ detail }) => detail === undefined)).length
  return [`${shown} of ${rows.length} files shown as asked for`, ...lines, ''].join('\n')
}

quietSdk()
const { directory, out } = readArguments()
const stage = await setStage({}, 0)
try {
  const rows = await shootAll(resolve(directory), stage)
  await writeFile(out, contactSheet(basename(resolve(directory)), rows))
  process.stdout.write(`${report(rows)}Contact sheet: ${out}\n`)
  if (rows.some(({ shots }) => shots.some(({ status }) => status >= 500))) process.exitCode = 1
} finally {
  await stage.close()
}
