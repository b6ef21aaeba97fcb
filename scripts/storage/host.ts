import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lastLocalstack, localstack, moto, type PythonServer } from '../foreign/python-servers.ts'
import { type Background, runningId, startInBackground, stopInBackground } from './background.ts'
import { BUCKET, NotInstallable, StorageError, type StorageSettings } from './settings.ts'

const READY_SCRIPTS = 'deploy/localstack/ready.d'

/** Starts both servers out of Python packages, as they are in the compose file, and leaves them running. */
export async function startOnHost(settings: StorageSettings): Promise<void> {
  const { directory, port, cdnPort } = settings
  const [api, store] = programs(directory)
  if (runningId(api) === undefined) {
    install(moto, api)
    await start(moto, api, cdnPort)
  } else console.log(`${api.name} runs already`)
  if (runningId(store) === undefined) await start(installStore(store), store, port)
  else console.log(`${store.name} runs already`)
  runReadyScripts(settings)
}

/** Ends both; says of each whether it ran. */
export async function stopOnHost({ directory }: StorageSettings): Promise<number> {
  let stopped = 0
  for (const program of programs(directory).toReversed()) {
    if (!(await stopInBackground(program))) continue
    stopped += 1
    console.log(`${program.name} stopped`)
  }
  return stopped
}

const programs = (directory: string): [api: Background, store: Background] => [
  { name: 'moto', directory: join(directory, 'moto') },
  { name: 'localstack', directory: join(directory, 'localstack') },
]

async function start(server: PythonServer, program: Background, port: number): Promise<void> {
  const healthUrl = `http://127.0.0.1:${port}${server.health}`
  await startInBackground(program, server.launch(port, program.directory), healthUrl)
  console.log(`${program.name} listens on 127.0.0.1:${port}`)
}

/** The version of the compose file, or the one before it where Python is too old for that. */
function installStore(program: Background): PythonServer {
  const obstacle = lastLocalstack.install(program.directory)
  if (obstacle === undefined) return lastLocalstack
  console.log(`LocalStack 4.14.0: ${obstacle}; 4.13.1 is taken instead`)
  install(localstack, program)
  return localstack
}

function install(server: PythonServer, { name, directory }: Background): void {
  const obstacle = server.install(directory)
  if (obstacle === undefined) return
  throw new NotInstallable(`${name} could not be installed: ${obstacle}\nIt needs Python 3.10 and PyPI.`)
}

/** What the image does by itself as soon as it is ready. */
function runReadyScripts({ url, cdnUrl }: StorageSettings): void {
  const env = {
    ...process.env,
    STORAGE_URL: url,
    HALFTONE_BUCKET: BUCKET,
    HALFTONE_CLOUDFRONT_ENDPOINT: cdnUrl,
  }
  for (const file of readdirSync(READY_SCRIPTS).toSorted()) {
    const { status, error, stderr } = spawnSync('sh', [join(READY_SCRIPTS, file)], { env, encoding: 'utf8' })
    if (status !== 0) throw new StorageError(`${file}: ${error?.message ?? stderr.trim()}`)
  }
}
