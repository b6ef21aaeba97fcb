/** One line of the log. Nothing secret goes into it: no query (signatures), no headers, no bodies. */
export type LogLine = Readonly<Record<string, string | number | undefined>> & { readonly msg: string }

/** Where lines of the log go. */
export type Log = (line: LogLine) => void

/** Writes each line to stderr as JSON, with the time. */
export const logToStderr: Log = (line) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
}
