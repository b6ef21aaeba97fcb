import { collectDefaultMetrics, Registry } from 'prom-client'
import { createOrigin, type Origin } from './create-origin.ts'
import { keptCredentials } from './kept-credentials.ts'
import { logToStderr } from './log.ts'
import { type OriginConfig, parseConfig } from './origin-config.ts'

/** `EX_CONFIG` of sysexits. */
const EXIT_CONFIG = 78

const parsed = parseConfig(process.env)
if (parsed.ok) await run(parsed.config)
else {
  for (const fault of parsed.faults) process.stderr.write(`origin: ${fault}\n`)
  process.exitCode = EXIT_CONFIG
}

async function run(config: OriginConfig): Promise<void> {
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
