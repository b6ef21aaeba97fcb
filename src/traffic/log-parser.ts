import { z } from 'zod'

/** One request, as a standard log of CloudFront tells it. */
export interface LogEntry {
  /** `2026-11-22 12:00:00`, UTC; empty where the log does not say. */
  readonly at: string
  readonly location: string
  /** Sent to the viewer, headers included. */
  readonly bytes: number
  readonly method: string
  /** The path as it stood in the request, without its query. */
  readonly path: string
  readonly status: number
  /** `Hit`, `RefreshHit`, `Miss`, `Error` … */
  readonly result: string
  /** The same, or more closely: `OriginShieldHit`. */
  readonly detail: string
}

const REQUIRED = [
  'x-edge-location',
  'sc-bytes',
  'cs-method',
  'cs-uri-stem',
  'sc-status',
  'x-edge-result-type',
] as const

const record = z.record(z.string(), z.union([z.string(), z.number()]).transform(String))

/** Reads the lines of one log file: fields by their names, in whatever order and number, or objects of JSON. */
export class LogParser {
  #fields: readonly string[] = []
  #missing: readonly string[] = REQUIRED

  /** The fields that the figures need and the file does not have; all of them before its head was read. */
  get missing(): readonly string[] {
    return this.#missing
  }

  /** What a line says; `comment` where it says nothing about a request, `unreadable` where it makes no sense. */
  parse(line: string): LogEntry | 'comment' | 'unreadable' {
    if (line.startsWith('#')) return this.#readHead(line)
    if (line === '') return 'comment'
    if (line.startsWith('{')) return this.#parseJson(line)
    const cells = line.split('\t')
    if (this.#missing.length > 0 || cells.length !== this.#fields.length) return 'unreadable'
    return toEntry((name) => cells[this.#fields.indexOf(name)])
  }

  #readHead(line: string): 'comment' {
    const [, names] = /^#Fields:\s*(.*)$/.exec(line) ?? []
    if (names !== undefined) {
      this.#fields = names.trim().split(/\s+/)
      this.#missing = REQUIRED.filter((name) => !this.#fields.includes(name))
    }
    return 'comment'
  }

  #parseJson(line: string): LogEntry | 'unreadable' {
    const { data } = record.safeParse(parseObject(line))
    if (data === undefined) return 'unreadable'
    this.#missing = REQUIRED.filter((name) => data[name] === undefined)
    return toEntry((name) => data[name])
  }
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function toEntry(cell: (name: string) => string | undefined): LogEntry | 'unreadable' {
  const [location = '', bytes = '', method = '', stem = '', status = '', result = ''] = REQUIRED.map(cell)
  const [date, time] = [cell('date'), cell('time')]
  const isRequest =
    /^[\w-]{1,32}$/.test(location) &&
    /^\d{1,15}$/.test(bytes) &&
    /^[A-Z]{1,20}$/.test(method) &&
    /^\d{3}$/.test(status) &&
    /^[A-Za-z]{1,64}$/.test(result)
  if (!isRequest || stem === '') return 'unreadable'
  const detail = cell('x-edge-detailed-result-type') ?? result
  const at = date !== undefined && time !== undefined && DAY.test(date) ? `${date} ${time}` : ''
  const path = unescapeField(stem)
  return { at, location, bytes: Number(bytes), method, path, status: Number(status), result, detail }
}

const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * Undoes the escapes of the log, where `%` itself stands as `%25`: what a URL could not have as it is stays escaped, so
 * that a path comes out as it was asked for.
 */
function unescapeField(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escaped, digits: string) => {
    const byte = Number.parseInt(digits, 16)
    return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : escaped
  })
}
