import type { Asker } from '../admission/asker.ts'
import type { FlightControl } from '../sources/single-flight.ts'
import type { Source } from '../sources/source.ts'
import type { Found } from '../sources/sources.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Requester } from './answer.ts'
import { isRestricted } from './restriction.ts'

/** Whoever asks for a picture. */
export interface Visitor {
  /**
   * Lets them have a source that is not public, or throws. Those who may not read it are answered as if there were
   * nothing, so that is asked of `undefined` as well: nobody learns from an error what exists.
   */
  admit(source: Source | undefined, asked: SourcePath): Promise<Source>
  /** Told what is served, or judged, at the path that they asked for, where it is public. */
  meet?(source: Source): void
  /** Asked before a picture that is not public is made for them; throws when they have had too many made. */
  beforeRender(): Promise<void>
}

/** What was found at a path, for somebody who may have it; whoever asks for what is public is not asked who they are. */
export async function admitTo(
  found: Found,
  asked: SourcePath,
  visitor: Visitor,
): Promise<{ readonly found: Found; readonly source: Source }> {
  const { source } = found
  if (source !== undefined && !isRestricted(source)) {
    visitor.meet?.(source)
    return { found, source }
  }
  return { found, source: await visitor.admit(source, asked) }
}

/** On whose behalf something is made of a source: its flight knows whether somebody has begun to wait for it. */
export function askerOf({ at }: Source, flight: FlightControl, requester: Requester | undefined): Asker {
  const { dialect, client } = requester ?? {}
  const owners = { source: at.path, ...(dialect && { dialect }), ...(client && { client }) }
  return {
    owners,
    get isBackground() {
      return flight.isBackground
    },
  }
}
