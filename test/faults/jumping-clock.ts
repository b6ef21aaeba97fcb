import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Served } from '../support/program.ts'

/** What a program has to be started with for its wall clock to be set while it runs. */
export interface JumpingClock {
  readonly environment: Record<string, string>
  /** Sets the clock so many milliseconds off; resolves when the program goes by it. */
  jump(program: Served, offsetMs: number): Promise<void>
  remove(): void
}

/** A wall clock that somebody sets while a program runs; what counts milliseconds goes on as it does on a real machine. */
export function createJumpingClock(): JumpingClock {
  const directory = mkdtempSync(join(tmpdir(), 'halftone-clock-'))
  const file = join(directory, 'offset')
  const code = `
    import { readFileSync } from 'node:fs'
    const Real = Date
    let offset = 0
    globalThis.Date = class extends Real {
      constructor(...given) { super(...(given.length === 0 ? [Real.now() + offset] : given)) }
      static now() { return Real.now() + offset }
    }
    process.on('SIGUSR2', () => {
      offset = Number(readFileSync(${JSON.stringify(file)}, 'utf8'))
      process.stdout.write('clock ' + offset + '\\n')
    })
  `
  return {
    environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` },
    async jump(program, offsetMs) {
      const before = said(program)
      writeFileSync(file, String(offsetMs))
      program.kill('SIGUSR2')
      await vi.waitFor(() => {
        if (said(program) === before) throw new Error('The clock has not been set')
      }, 5_000)
    },
    remove: () => rmSync(directory, { recursive: true }),
  }
}

const said = ({ output }: Served): number => output.filter((line) => line.startsWith('clock ')).length
