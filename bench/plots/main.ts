import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Result, resultSchema } from '../run-scenario.ts'
import { UsageError } from '../usage-error.ts'
import { plotsOf, tableOf } from './plots.ts'

/** What shells call EX_USAGE. */
const EXIT_USAGE = 64

try {
  await plot(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`bench:plots: ${error.message}\n`)
  process.exitCode = EXIT_USAGE
}

/** Draws what `npm run bench -- --json FILE` has written, and prints it as a table. */
async function plot(args: readonly string[]): Promise<void> {
  const { files, out } = parse(args)
  const results: Result[] = []
  for (const file of files) results.push(...(await readResults(file)))
  await mkdir(out, { recursive: true })
  for (const [name, svg] of plotsOf(results)) await writeFile(join(out, name), svg)
  process.stdout.write(tableOf(results))
}

function parse(args: readonly string[]): { files: readonly string[]; out: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { out: { type: 'string', default: 'bench/plots' } },
    })
    if (positionals.length > 0) return { files: positionals, out: values.out }
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  throw new UsageError('name the files that npm run bench -- --json FILE has written')
}

async function readResults(file: string): Promise<Result[]> {
  try {
    return z.array(resultSchema).parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new UsageError(`${file}: not what npm run bench -- --json FILE writes`, { cause })
  }
}
