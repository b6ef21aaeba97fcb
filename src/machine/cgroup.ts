import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Reads a file; `undefined` when it is not there. */
export type ReadText = (path: string) => string | undefined

/** Where cgroups are mounted. */
export const ROOT = '/sys/fs/cgroup'

/** From `/proc/self/cgroup`: where a controller of this process lies, in v2 (`0::/path`) or v1 (`4:cpu,cpuacct:/path`). */
export function parseOwnGroups(
  text: string,
  controller: 'cpu' | 'memory' = 'cpu',
): { readonly v2: string; readonly v1: string } {
  const found = { v2: '/', v1: '/' }
  for (const line of text.split('\n')) {
    const [id, controllers, path] = line.split(':', 3)
    if (!path?.startsWith('/')) continue
    if (id === '0' && controllers === '') found.v2 = path
    if (controllers?.split(',').includes(controller)) found.v1 = path
  }
  return found
}

/** A group and every group above it. */
export function ancestors(group: string): string[] {
  return group === '/' ? ['/'] : [group, ...ancestors(dirname(group))]
}

/** What stands in a file, if there is one. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not Linux, or the other version of cgroups.
    return undefined
  }
}
