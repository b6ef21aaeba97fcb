import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'

/** What a warming has done, in a file: whoever is cut short goes on from there. */
export interface WarmState {
  isDone(name: string): boolean
  done(name: string): void
  /** Removes the file: the next warming begins anew. */
  finish(): Promise<void>
}

/** The file is of a warming of other things. */
export class OtherPlanError extends Error {
  override readonly name = 'OtherPlanError'
}

/**
 * Opens the file, or begins it. A line a task, behind the digest of the plan; a last line that was cut short is removed.
 * Throws `OtherPlanError` where the file is of another plan.
 */
export function openWarmState(file: string, plan: unknown): WarmState {
  const digest = createHash('sha256').update(JSON.stringify(plan)).digest('hex')
  const names = new Set<string>()
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8')
    const ended = text.slice(0, text.lastIndexOf('\n') + 1)
    const [head, ...lines] = ended.split('\n').slice(0, -1)
    if (head !== digest) throw new OtherPlanError(`${file} is not of this warming`)
    truncateSync(file, Buffer.byteLength(ended))
    for (const line of lines) names.add(line)
  } else {
    writeFileSync(file, `${digest}\n`, { flag: 'wx' })
  }
  return {
    isDone: (name) => names.has(name),
    done: (name) => appendFileSync(file, `${name}\n`),
    finish: () => rm(file, { force: true }),
  }
}
