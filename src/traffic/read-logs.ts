import { LineSplitter } from './line-splitter.ts'
import { type LogFile, plainBytes } from './log-files.ts'
import { type LogEntry, LogParser } from './log-parser.ts'

/** How much of the logs could be read. */
export interface LogReading {
  readonly files: number
  readonly lines: number
  /** Lines that make no sense, too long ones included. */
  readonly unreadable: number
  /** Files that could not be read, or not to their end, and why. */
  readonly faults: readonly { readonly name: string; readonly reason: string }[]
}

/** Files in work at once: a bucket's answer takes longer than the lines in it. */
const LANES = 4

/**
 * Tells every request that the files know of, line by line: memory does not grow with them. A line that makes no sense
 * is counted, a file that is damaged is named; neither ends the reading. Rejects where the files cannot be listed.
 */
export async function readLogs(
  files: AsyncGenerator<LogFile>,
  onEntry: (entry: LogEntry) => void,
): Promise<LogReading> {
  const reading = { files: 0, lines: 0, unreadable: 0, faults: [] as { name: string; reason: string }[] }
  async function lane(): Promise<void> {
    for await (const file of files) {
      reading.files += 1
      const reason = await readFile(file, reading, onEntry)
      if (reason !== undefined) reading.faults.push({ name: file.name, reason })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
  return reading
}

/** Why a file could not be read to its end. */
async function readFile(
  file: LogFile,
  reading: { lines: number; unreadable: number },
  onEntry: (entry: LogEntry) => void,
): Promise<string | undefined> {
  const parser = new LogParser()
  const splitter = new LineSplitter()
  let lines = 0
  const take = (line: string) => {
    const entry = parser.parse(line)
    if (entry === 'comment') return
    lines += 1
    if (entry === 'unreadable') reading.unreadable += 1
    else onEntry(entry)
  }
  try {
    for await (const chunk of plainBytes(await file.open()))
      for (const line of splitter.push(chunk)) take(line)
    for (const line of splitter.end()) take(line)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message
  } finally {
    reading.lines += lines + splitter.dropped
    reading.unreadable += splitter.dropped
  }
  const isBlind = lines > 0 && parser.missing.length > 0
  return isBlind ? `does not say ${parser.missing.join(', ')}` : undefined
}
