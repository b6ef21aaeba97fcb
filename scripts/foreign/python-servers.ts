import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ForeignServer } from './foreign-server.ts'
import { answers, type Command, runAll, startProcess, stopProcess, untilReady } from './processes.ts'

const INSTALL_MS = 120_000

interface Options extends Pick<ForeignServer, 'name' | 'lacks' | 'without'> {
  readonly packages: readonly string[]
  /** The program that makes its virtual environment; `undefined` where none is new enough. */
  readonly interpreter?: () => string | undefined
  readonly command: (port: number) => readonly string[]
  readonly environment: (port: number, directory: string) => Readonly<Record<string, string>>
  readonly health: string
}

/** What starts a server, for whoever keeps its process by himself. */
export interface Launch {
  readonly command: Command
  readonly env: Readonly<Record<string, string>>
}

export interface PythonServer extends ForeignServer {
  /** The path that answers 200 when the server is ready. */
  readonly health: string
  launch(port: number, directory: string): Launch
}

export const moto = createPythonServer({
  name: 'moto',
  packages: ['moto[server,s3]==5.2.5'],
  command: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`],
  environment: () => ({}),
  health: '/moto-api/data.json',
  lacks: [
    'conditional-deletes',
    'control-characters',
    'copy-conditions',
    'source-conditions',
    'missing-uploads',
  ],
})

/** Newer ones of these do not work with LocalStack. */
const PINNED = ['cbor2==5.8.0', 'pyOpenSSL==25.3.0', 'cryptography==46.0.7', 'service-identity']

const localstackOptions: Omit<Options, 'packages'> = {
  name: 'localstack',
  command: () => ['-m', 'localstack.runtime.main'],
  environment: (port, directory) => ({
    SERVICES: 's3',
    STRICT_SERVICE_LOADING: '1',
    EAGER_SERVICE_LOADING: '1',
    PERSISTENCE: '0',
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    S3_SKIP_SIGNATURE_VALIDATION: '0',
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    OVERRIDE_IN_DOCKER: '0',
    DNS_ADDRESS: '0',
    FILESYSTEM_ROOT: join(directory, 'files'),
    XDG_CACHE_HOME: join(directory, 'cache'),
  }),
  health: '/_localstack/health',
  lacks: ['conditional-deletes', 'control-characters', 'copy-conditions'],
  without: {
    'bucket events': 'started so it is a bucket alone, without queues',
    invalidations: 'started so it is a bucket alone, without CloudFront',
  },
}

/** What the suites are run on: the last that a Python before 3.13 can run. */
export const localstack = createPythonServer({
  ...localstackOptions,
  packages: ['localstack-core[base-runtime]==4.13.1', ...PINNED],
})

/** The version of the last free image. */
export const lastLocalstack = createPythonServer({
  ...localstackOptions,
  packages: ['localstack-core[base-runtime]==4.14.0', ...PINNED],
  interpreter: () => newPythons().find(isNewEnough),
})

function newPythons(): string[] {
  const { stdout } = spawnSync('pyenv', ['whence', '--path', 'python3.13'], { encoding: 'utf8' })
  const named = [process.env['PYTHON'], 'python3.13', 'python3', ...(stdout ?? '').split('\n')]
  return named.filter((name): name is string => name !== undefined && name !== '')
}

function isNewEnough(interpreter: string): boolean {
  return spawnSync(interpreter, ['-c', 'import sys; sys.exit(sys.version_info < (3, 13))']).status === 0
}

/** A server out of Python packages, in a virtual environment of its own. All take any credentials. */
function createPythonServer(options: Options): PythonServer {
  const { name, lacks, without = {}, packages, interpreter = () => 'python3', health } = options
  const launch = (port: number, directory: string): Launch => ({
    command: [python(directory), ...options.command(port)],
    env: options.environment(port, directory),
  })
  return {
    name,
    lacks,
    without,
    health,
    launch,
    accessKey: 'test',
    secret: 'test',
    install(directory) {
      const done = join(directory, 'installed')
      // Later runs find what is there.
      if (existsSync(done)) return undefined
      const program = interpreter()
      if (program === undefined) return 'it needs Python 3.13, which PYTHON can name'
      const own = python(directory)
      const obstacle = runAll(
        [
          [program, '-m', 'venv', join(directory, 'venv')],
          [own, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'],
          [own, '-m', 'uv', 'pip', 'install', '--quiet', '-p', own, ...packages],
        ],
        INSTALL_MS,
      )
      if (obstacle === undefined) mkdirSync(done)
      return obstacle
    },
    async start(port, directory) {
      const { command, env } = launch(port, directory)
      const child = startProcess(command, { cwd: directory, env })
      const server = { stop: async () => stopProcess(child) }
      try {
        await untilReady(child, async () => answers(`http://127.0.0.1:${port}${health}`))
        return server
      } catch (error) {
        await server.stop()
        throw error
      }
    },
  }
}

function python(directory: string): string {
  return join(directory, 'venv', 'bin', 'python')
}
