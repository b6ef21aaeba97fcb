import { setFlagsFromString } from 'node:v8'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createOrigin, type Origin } from './create-origin.ts'
import { keptCredentials } from './kept-credentials.ts'
import { logToStderr } from './log.ts'
import { runFsck } from './operating/run-fsck.ts'
import { type OriginConfig, parseConfig } from './origin-config.ts'

/** `EX_CONFIG` of sysexits. */
const EXIT_CONFIG = 78

/** `EX_USAGE` of sysexits. */
const EXIT_USAGE = 64

// Bodies lie outside of the heap and yet let V8 collect all of it, for every few of them: docs/decisions/garbage-collection.md.
setFlagsFromString('--heap-growing-percent=300')

const [command, ...rest] = process.argv.slice(2)
if ((command !== undefined && command !== 'fsck') || rest.length > 0) {
  process.stderr.write('usage: origin [fsck]\n')
  process.exitCode = EXIT_USAGE
} else {
  const parsed = parseConfig(process.env)
  if (!parsed.ok) {
    for (const fault of parsed.faults) process.stderr.write(`origin: ${fault}\n`)
    process.exitCode = EXIT_CONFIG
  } else if (command === 'fsck') process.exitCode = await runFsck(parsed.config.directory)
  else await serve(parsed.config)
}

async function serve(config: OriginConfig): Promise<void> {
  try {
    const kept = config.credentials === undefined ? keptCredentials(config.directory) : undefined
    const credentials = config.credentials ?? kept?.credentials ?? new Map<string, string>()
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const origin = await createOrigin({ ...config, credentials, registry, log: logToStderr })
    stopOnRequest(origin, config.stopWithStdin)
    const { region, directory } = config
    const line = { msg: 'origin listening', url: origin.url, region, directory, credentialsFile: kept?.file }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  } catch (error) {
    process.stderr.write(`origin: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

function stopOnRequest(origin: Origin, stopWithStdin: boolean): void {
  const stop = (): void => {
    origin.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logToStderr({ msg: 'stop failed', error: String(error) })
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // Whoever started this holds the other end of the pipe: its end, however it came, is ours.
  if (stopWithStdin) process.stdin.once('end', stop).once('error', stop).resume()
}
