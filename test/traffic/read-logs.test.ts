import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logFilesIn, type LogFile } from '../../src/traffic/log-files.ts'
import type { LogEntry } from '../../src/traffic/log-parser.ts'
import { readLogs } from '../../src/traffic/read-logs.ts'
import { logFile, logLine } from './log-lines.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halftone-logs-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function read(path: string) {
  const entries: LogEntry[] = []
  const reading = await readLogs(logFilesIn(path), (entry) => entries.push(entry))
  return { reading, paths: entries.map((entry) => entry.path).toSorted() }
}

const lineOf = (path: string) => logLine({ 'cs-uri-stem': path })

describe('log files', () => {
  it('are read from a folder and those in it, plain and in gzip, whatever they are called', async () => {
    const folder = join(directory, 'all')
    await mkdir(join(folder, '2026', '11'), { recursive: true })
    await writeFile(join(folder, 'plain.gz'), logFile([lineOf('/img/a')]))
    await writeFile(
      join(folder, '2026', 'zipped.txt'),
      gzipSync(logFile([lineOf('/img/b'), lineOf('/img/c')])),
    )
    // Two members in one file, as concatenated logs are.
    const members = [gzipSync(logFile([lineOf('/img/d')])), gzipSync(`${lineOf('/img/e')}\n`)]
    await writeFile(join(folder, '2026', '11', 'two'), Buffer.concat(members))
    await writeFile(join(folder, 'empty'), '')
    await writeFile(join(folder, '.hidden'), logFile([lineOf('/img/no')]))
    const { reading, paths } = await read(folder)
    expect(paths).toEqual(['/img/a', '/img/b', '/img/c', '/img/d', '/img/e'])
    expect(reading).toEqual({ files: 4, lines: 5, unreadable: 0, faults: [] })
    expect((await read(join(folder, 'plain.gz'))).paths).toEqual(['/img/a'])
  })

  it('with lines that make no sense are read all the same, and those are counted', async () => {
    const file = join(directory, 'hostile')
    await writeFile(file, logFile([lineOf('/img/a'), 'rubbish', 'x'.repeat(200_000), lineOf('/img/b')]))
    const { reading, paths } = await read(file)
    expect(paths).toEqual(['/img/a', '/img/b'])
    expect(reading).toEqual({ files: 1, lines: 4, unreadable: 2, faults: [] })
  })

  it('that are damaged are named, and the others are read', async () => {
    const folder = join(directory, 'damaged')
    await mkdir(folder)
    const whole = gzipSync(logFile(Array.from({ length: 500 }, (_, index) => lineOf(`/img/${index}`))))
    await writeFile(join(folder, 'cut'), whole.subarray(0, whole.length - 20))
    await writeFile(join(folder, 'blind'), logFile(['2026-11-22'], ['date']))
    await writeFile(join(folder, 'whole'), logFile([lineOf('/img/last')]))
    const { reading, paths } = await read(folder)
    expect(paths).toContain('/img/last')
    expect(reading.files).toBe(3)
    expect(reading.faults.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: join(folder, 'blind'), reason: expect.stringContaining('x-edge-location') },
      { name: join(folder, 'cut'), reason: expect.stringContaining('end of file') },
    ])
  })

  it('of any length are read without being held', async () => {
    const chunk = Buffer.from(`${lineOf('/img/a')}\n`.repeat(1000))
    let held = 0
    async function* bytes() {
      yield Buffer.from(logFile([]))
      for (let sent = 0; sent < 200; sent += 1) {
        held += 1
        yield chunk
      }
    }
    async function* one(): AsyncGenerator<LogFile> {
      yield { name: 'long', open: async () => Readable.from(bytes()) }
    }
    let lines = 0
    let most = 0
    const reading = await readLogs(one(), () => {
      lines += 1
      most = Math.max(most, held - Math.floor(lines / 1000))
    })
    expect(reading.lines).toBe(200_000)
    expect(lines).toBe(200_000)
    // As many chunks as streams keep in hand.
    expect(most).toBeLessThan(40)
  })
})
