import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, test } from 'vitest'
import { openSite } from '../support/site.ts'

/** Of each thread of a process, by its id. */
function nicenessOf(pid: number): Map<number, number> {
  const threads = readdirSync(`/proc/${pid}/task`)
  return new Map(
    threads.map((thread) => {
      // Behind the name of the program, which may have blanks: proc(5), field 19.
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return [Number(thread), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])]
    }),
  )
}

test.runIf(process.platform === 'linux').each([
  ['15', 10],
  ['4', 4],
])('beside workers of niceness %s other threads yield to the one that answers by %i', async (workers, by) => {
  const site = await openSite({ HALFTONE_WORKERS: '1', HALFTONE_WORKER_NICENESS: workers })
  try {
    const { pid } = site.gateway
    const main = nicenessOf(pid).get(pid)
    expect(main).toBe(getPriority())
    const others = () =>
      [...nicenessOf(pid)].flatMap(([thread, niceness]) => (thread === pid ? [] : [niceness]))
    await expect.poll(() => new Set(others())).toEqual(new Set([getPriority() + by]))
  } finally {
    await site.close()
  }
})
