import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { quietSdk } from '../src/config.ts'
import { buildImage } from './container/build-image.ts'
import { nearestConfinement } from './container/confined.ts'
import { parseDockerfile, settingsOf } from './container/dockerfile.ts'
import { tryImage } from './container/journey.ts'
import { checkComposeFiles, lintDockerfile, type Outcome } from './container/lint.ts'
import { runAll } from './foreign/processes.ts'

const INSTALL_MS = 120_000
const tools = join(tmpdir(), 'halftone-container')

const say = (text: string) => console.log(`  ${text}`)

interface Check {
  readonly name: string
  readonly run: () => Outcome | Promise<Outcome>
}

const CHECKS: readonly Check[] = [
  { name: 'Dockerfile, by hadolint', run: () => lintDockerfile(tools) },
  { name: 'compose files, by compose', run: () => checkComposeFiles(tools) },
  { name: 'the steps of the Dockerfile, without an engine', run: tryWithoutEngine },
]

quietSdk()
mkdirSync(tools, { recursive: true })
for (const { name, run } of CHECKS) {
  const startedAt = performance.now()
  const { kind, detail } = await run()
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log(`${name}: ${kind}${detail === undefined ? '' : `: ${detail}`} (${seconds} s)`)
  if (kind === 'failed') process.exitCode = 1
}

async function tryWithoutEngine(): Promise<Outcome> {
  const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'))
  const last = stages.at(-1)
  if (last === undefined) return { kind: 'failed', detail: 'the Dockerfile has no stage' }
  // Its user has to get here.
  const directory = mkdtempSync(join(tmpdir(), 'halftone-image-'))
  chmodSync(directory, 0o755)
  try {
    const tree = buildImage(stages, directory, (command) => say(`left out: ${command}`))
    say(productionOnly(tree))
    say(putNode(last.from, tree))
    runAll([['chmod', '-R', 'a+rX,a-w', tree]], INSTALL_MS)
    const confinement = nearestConfinement()
    say(`confined by: ${confinement.name}`)
    await tryImage({ tree, settings: settingsOf(last) }, confinement, say)
    return { kind: 'passed' }
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    runAll([['chmod', '-R', 'u+w', directory]], INSTALL_MS)
    rmSync(directory, { recursive: true })
  }
}

/** Throws when a package is there that only development needs. */
function productionOnly(tree: string): string {
  const text = readFileSync('package.json', 'utf8')
  const { devDependencies } = z
    .object({ devDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(text))
  const modules = join(tree, 'app', 'node_modules')
  const strangers = ['typescript', 'vitest', 'esbuild', 'tsx', 'playwright-core'].filter((name) =>
    existsSync(join(modules, name)),
  )
  if (strangers.length > 0) throw new Error(`only development needs ${strangers.join(', ')}`)
  const { stdout } = spawnSync('du', ['-sm', join(tree, 'app')], { encoding: 'utf8' })
  const count = Object.keys(devDependencies).length
  return `${readdirSync(modules).length} names in node_modules, none of ${count} development packages; ${stdout.split('\t')[0]} MB in all`
}

/** The Node that the image begins with, from npm; this one where it cannot be had. */
function putNode(from: string, tree: string): string {
  const version = /^node:([\d.]+)/.exec(from)?.[1] ?? ''
  const own = join(tools, `node-${version}`)
  const program = join(own, 'node_modules', 'node', 'bin', 'node')
  const obstacle = existsSync(program)
    ? undefined
    : runAll(
        [['npm', 'install', '--no-save', '--no-audit', '--no-fund', '--prefix', own, `node@${version}`]],
        INSTALL_MS,
      )
  copyFileSync(obstacle === undefined ? program : process.execPath, join(tree, 'node'))
  return obstacle === undefined
    ? `Node ${version}`
    : `Node ${process.version} in the place of ${version}: ${obstacle}`
}
