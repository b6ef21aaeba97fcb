import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ForeignServer } from './foreign-server.ts'
import { answers, runAll, startProcess, stopProcess, untilReady } from './processes.ts'

const INSTALL_MS = 120_000

interface PythonServer extends Pick<ForeignServer, 'name' | 'lacks' | 'without'> {
  readonly packages: readonly string[]
  readonly command: (port: number) => readonly string[]
  readonly environment: (port: number, directory: string) => Readonly<Record<string, string>>
  /** Answers 200 when the server is ready. */
  readonly health: string
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

export const localstack = createPythonServer({
  name: 'localstack',
  // The four after it: newer ones of these do not work with it.
  packages: [
    'localstack-core[base-runtime]==4.13.1',
    'cbor2==5.8.0',
    'pyOpenSSL==25.3.0',
    'cryptography==46.0.7',
    'service-identity',
  ],
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
})

/** A server out of Python packages, in a virtual environment of its own. Both take any credentials. */
function createPythonServer(options: PythonServer): ForeignServer {
  const { name, lacks, without = {}, packages, command, environment, health } = options
  return {
    name,
    lacks,
    without,
    accessKey: 'test',
    secret: 'test',
    install(directory) {
      const done = join(directory, 'installed')
      // Later runs find what is there.
      if (existsSync(done)) return undefined
      const own = python(directory)
      const obstacle = runAll(
        [
          ['python3', '-m', 'venv', join(directory, 'venv')],
          [own, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'],
          [own, '-m', 'uv', 'pip', 'install', '--quiet', '-p', own, ...packages],
        ],
        INSTALL_MS,
      )
      if (obstacle === undefined) mkdirSync(done)
      return obstacle
    },
    async start(port, directory) {
      const child = startProcess([python(directory), ...command(port)], {
        cwd: directory,
        env: environment(port, directory),
      })
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
