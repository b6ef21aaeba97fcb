import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Where secrets could stand in what is logged; an S3 failure carries its request, a request its headers. */
const REDACTED = [
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  '*.secretAccessKey',
  '*.accessKeyId',
  '*.sessionToken',
  '*.signingKeys',
]

/** The program's log: one line of JSON an event, by default on standard output. */
export function createLog(
  level: (typeof LOG_LEVELS)[number],
  destination: DestinationStream = standardOutput(),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { err: errorFacts },
    },
    destination,
  )
}

function standardOutput(): DestinationStream {
  return pino.destination({ fd: 1, sync: true })
}

/** An error and its causes: name, code, message, stack; nothing else that a library may have hung on it. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  const code = 'code' in error ? error.code : undefined
  return { name, message, code, stack, ...(cause !== undefined && { cause: errorFacts(cause) }) }
}
