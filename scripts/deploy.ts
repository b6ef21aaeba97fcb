import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, runAll } from './foreign/processes.ts'

/** A program that knows what a platform accepts. */
interface Validator {
  readonly name: string
  /** Installs what is missing; answers with why that cannot be done. */
  readonly install: () => string | undefined
  readonly command: () => Command
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
}

const PYTHON_PACKAGES = ['cfn-lint==1.58.0', 'kubernetes-validate==1.37.0']
const INSTALL_MS = 180_000

const tools = join(tmpdir(), 'halftone-validators')
const synthesised = join(tools, 'cdk.out')
const program = (name: string) => join(tools, 'venv', 'bin', name)

const filesOf = (folder: string, isWanted: (file: string) => boolean) =>
  readdirSync(folder)
    .filter(isWanted)
    .map((file) => join(folder, file))

const VALIDATORS: readonly Validator[] = [
  {
    name: 'CloudFormation, by cfn-lint',
    install: installPython,
    command: () => [
      program('cfn-lint'),
      ...filesOf('deploy/cloudformation', (file) => file.endsWith('.yaml')),
    ],
  },
  {
    name: 'CDK, its types',
    install: installCdk,
    command: () => ['npx', 'tsc', '--noEmit', '-p', 'deploy/cdk'],
  },
  {
    name: 'CDK, by its assertions',
    install: installCdk,
    command: () => ['node', '--import', 'tsx', '--test', 'assertions.ts'],
    environment: { CDK_OUTDIR: synthesised },
    directory: 'deploy/cdk',
  },
  {
    name: 'what the CDK makes, by cfn-lint',
    install: () => installPython() ?? (existsSync(synthesised) ? undefined : 'the CDK has made nothing'),
    // Its warnings are of what the CDK has put in the place of parameters.
    command: () => [
      program('cfn-lint'),
      '--non-zero-exit-code',
      'error',
      ...filesOf(synthesised, (file) => file.endsWith('.template.json')),
    ],
  },
  {
    name: 'Kubernetes, by kubernetes-validate',
    install: installPython,
    // The schema of a kustomization is not one of Kubernetes.
    command: () => [
      program('kubernetes-validate'),
      '--strict',
      '--quiet',
      ...filesOf('deploy/kubernetes', (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml'),
    ],
  },
]

mkdirSync(tools, { recursive: true })
rmSync(synthesised, { recursive: true, force: true })
for (const validator of VALIDATORS) {
  const startedAt = performance.now()
  const outcome = validate(validator)
  console.log(`${validator.name}: ${outcome} (${Math.round((performance.now() - startedAt) / 1000)} s)`)
}

function validate({ install, command, environment, directory }: Validator): string {
  const obstacle = install()
  if (obstacle !== undefined) return `left out: ${obstacle}`
  const [name, ...args] = command()
  const { status, error, stdout, stderr } = spawnSync(name, args, {
    cwd: directory,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
  if (status === 0) return 'passed'
  process.exitCode = 1
  console.log(error ?? `${stdout}${stderr}`)
  return 'failed'
}

function installPython(): string | undefined {
  return once(join(tools, 'venv', 'installed'), PYTHON_PACKAGES.join(), [
    ['python3', '-m', 'venv', join(tools, 'venv')],
    [program('python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PYTHON_PACKAGES],
  ])
}

function installCdk(): string | undefined {
  const lockfile = readFileSync('deploy/cdk/package-lock.json', 'utf8')
  return once('deploy/cdk/node_modules/.installed', lockfile, [
    ['npm', 'ci', '--prefix', 'deploy/cdk', '--no-audit', '--no-fund', '--loglevel=error'],
  ])
}

/** Installs, unless that was done before for the same `wanted`, which the file `mark` remembers. */
function once(mark: string, wanted: string, commands: readonly Command[]): string | undefined {
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return undefined
  const obstacle = runAll(commands, INSTALL_MS)
  if (obstacle === undefined) writeFileSync(mark, wanted)
  return obstacle
}
