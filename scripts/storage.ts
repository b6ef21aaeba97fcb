import { spawnSync } from 'node:child_process'
import { quietSdk } from '../src/config.ts'
import { answers } from './foreign/processes.ts'
import { dockerObstacle, startContainers, stopContainers } from './storage/compose.ts'
import { startOnHost, stopOnHost } from './storage/host.ts'
import { proveStorage } from './storage/prove.ts'
import {
  NotInstallable,
  ORIGINS,
  readSettings,
  StorageError,
  type StorageSettings,
} from './storage/settings.ts'

/** `EX_UNAVAILABLE` of sysexits: nothing is wrong here, but there is nothing to start. */
const EXIT_UNAVAILABLE = 69

type Command = (settings: StorageSettings, args: readonly string[]) => Promise<void> | void

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['start', start],
  ['stop', stop],
  ['setup', setUp],
  ['test', prove],
])

quietSdk()
try {
  const [name = '', ...args] = process.argv.slice(2)
  const command = COMMANDS.get(name)
  if (command === undefined) throw new StorageError(`Accepted is one of ${[...COMMANDS.keys()].join(', ')}`)
  await command(readSettings(process.env), args)
} catch (error) {
  if (!(error instanceof StorageError)) throw error
  console.error(`storage: ${error.message}`)
  process.exitCode = error instanceof NotInstallable ? EXIT_UNAVAILABLE : 1
}

async function start(settings: StorageSettings, args: readonly string[]): Promise<void> {
  const unknown = args.filter((arg) => arg !== '--host')
  if (unknown.length > 0) throw new StorageError(`${unknown.join(' ')}: accepted is --host`)
  const obstacle = args.includes('--host') ? 'asked for --host' : dockerObstacle()
  if (obstacle === undefined) startContainers()
  else {
    console.log(`Without Docker (${obstacle}): from PyPI, below ${settings.directory}`)
    await startOnHost(settings)
  }
  console.log('\nFor a gateway on it:')
  for (const [name, value] of Object.entries(settings.variables)) console.log(`export ${name}=${value}`)
}

async function stop(settings: StorageSettings): Promise<void> {
  const onHost = await stopOnHost(settings)
  const inContainers = dockerObstacle() === undefined && stopContainers()
  if (onHost === 0 && !inContainers) console.log('Nothing ran')
}

async function setUp(settings: StorageSettings): Promise<void> {
  await mustRun(settings)
  const { status } = spawnSync(
    process.execPath,
    ['dist/src/main.js', 'setup', '--write', '--origin', ...ORIGINS],
    { stdio: 'inherit', env: { ...process.env, ...settings.variables } },
  )
  if (status !== 0) throw new StorageError(`halftone setup exited with ${status}`)
}

async function prove(settings: StorageSettings): Promise<void> {
  await mustRun(settings)
  await proveStorage(settings)
}

async function mustRun({ url }: StorageSettings): Promise<void> {
  if (await answers(`${url}/_localstack/health`)) return
  throw new StorageError(`Nothing answers at ${url}: run "npm run storage:start" first`)
}
