import type { LookupFunction } from 'node:net'
import type { Admission } from '../admission/admission.ts'
import type { FairBudget } from '../admission/fair-budget.ts'
import type { Source, SourceBodies } from '../sources/source.ts'
import type { RemotePath } from '../urls/image-request.ts'
import { remotePath } from '../urls/source-path.ts'
import { formatPath } from '../urls/target.ts'
import { createAgents } from './agents.ts'
import { fetchRemote } from './fetch-remote.ts'
import { RemoteMemory } from './remote-memory.ts'
import { assertFetchable, type RemoteRules } from './rules.ts'

/**
 * `source_loop`, `source_too_large`, `too_many_redirects`, `overloaded` and the `remote_…` ones.
 */
export interface RemoteSources {
  /** The path of an absolute URL; throws `source_not_allowed`, `invalid_source_url`, `source_loop`. Nobody is asked. */
  parse(url: URL): RemotePath
  /** The path at the site of what the bucket does not have, `path` decoded; `undefined` where no site is named. */
  atSite(path: string, query: string): RemotePath | undefined
  /** Which version lies there at this moment, or lay there while that is fresh; `undefined` when there is none. */
  lookUp(path: RemotePath, signal?: AbortSignal): Promise<Source | undefined>
  readonly bodies: SourceBodies
  /** Drops what is known of a source path and of everything below it. */
  forget(path: string): void
  forgetAll(): void
  /** Ends all connections. */
  close(): void
}

export interface RemoteOptions extends RemoteRules {
  readonly maxBytes: number
  readonly maxRedirects: number
  readonly memoryBytes: number
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  /** Bounds the fetches under way; throws `overloaded` beyond. */
  readonly admission: Pick<Admission, 'hold'>
  /** Bounds the bodies that are read at once. */
  readonly reading: Pick<FairBudget, 'use'>
  /** Which addresses may be connected to; by default those of the public internet. */
  readonly allowAddress?: ((address: string) => boolean) | undefined
  /** What tells the addresses of a name; by default the system. */
  readonly lookup?: LookupFunction | undefined
}

/** Connects to nothing yet. */
export function createRemoteSources(options: RemoteOptions): RemoteSources {
  const rules: RemoteRules = options
  const agents = createAgents(options)
  const memory = new RemoteMemory({
    ...options,
    fetch: (request) =>
      options.admission.hold(async () => fetchRemote(request, { ...options, rules, agents }), {
        signal: request.signal,
      }),
  })

  function parse(url: URL): RemotePath {
    assertFetchable(url, rules, true)
    return remotePath(url)
  }

  function atSite(path: string, query: string): RemotePath | undefined {
    if (rules.siteOrigin === undefined) return undefined
    const url = new URL(`/${formatPath(path)}`, rules.siteOrigin)
    url.search = query
    return parse(url)
  }

  return {
    parse,
    atSite,
    lookUp: (path, signal) => memory.find(path, signal),
    bodies: memory,
    forget: (path) => memory.forget(path),
    forgetAll: () => memory.forgetAll(),
    close: () => agents.close(),
  }
}
