import type { ChildProcess } from 'node:child_process'

/** Resolves when a program has printed this; throws when it ends without. Its output is read on, or it would stop. */
export async function said(program: ChildProcess, text: string): Promise<void> {
  let output = ''
  for await (const piece of program.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    output += String(piece)
    if (!output.includes(text)) continue
    program.stdout?.resume()
    return
  }
  throw new Error(`It ended: ${output}`)
}
