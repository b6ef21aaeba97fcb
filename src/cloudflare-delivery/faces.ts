import { LRUCache } from 'lru-cache'
import type { FaceBox, FaceDetector } from '../cloudflare/face-detector.ts'
import { checkFace } from '../cloudflare/focus.ts'
import { GatewayError } from '../errors.ts'
import { SingleFlight } from '../sources/single-flight.ts'
import type { Source } from '../sources/source.ts'
import type { Sources } from '../sources/sources.ts'
import type { SourcePath } from '../urls/image-request.ts'
import type { Asking, Waiting } from '../variants/answer.ts'
import type { Renditions } from '../variants/rendition.ts'
import { isRestricted } from '../variants/restriction.ts'
import { admitTo } from '../variants/visitor.ts'

export interface FacesOptions {
  readonly detector: FaceDetector
  readonly sources: Pick<Sources, 'find' | 'findAfter'>
  readonly renditions: Pick<Renditions, 'lend'>
  readonly timeoutMs: number
}

/** Where a face is, if there is one. */
export interface FoundFace {
  readonly box: FaceBox | undefined
}

/** Faces remembered at most; those of one version never change. */
const MAX_KNOWN = 50_000

/** Where the faces are: looked for once in each version of a source, and by one for all who want to know. */
export class Faces {
  readonly #options: FacesOptions
  readonly #known = new LRUCache<string, FoundFace>({ max: MAX_KNOWN })
  readonly #flights: SingleFlight<FoundFace | 'source-changed'>

  constructor(options: FacesOptions) {
    this.#options = options
    this.#flights = new SingleFlight(options.timeoutMs, timedOut)
  }

  /** What is known of this version of a source. */
  remembered(source: Source): FoundFace | undefined {
    return this.#known.get(nameOf(source))
  }

  /** Looks at the source that a path has now, for somebody who may have it. Throws what rendering it would, too. */
  async find(path: SourcePath, { visitor, ...waiting }: Asking): Promise<FoundFace> {
    const { sources } = this.#options
    const { source } = await admitTo(await sources.find(path, waiting), path, visitor)
    if (isRestricted(source) && this.remembered(source) === undefined) await visitor.beforeRender()
    const face = await this.#lookAt(source, waiting)
    if (face !== 'source-changed') return face
    const next = await admitTo(await sources.findAfter(path, source.version, waiting), path, visitor)
    const again = await this.#lookAt(next.source, waiting)
    if (again !== 'source-changed') return again
    throw new GatewayError('source_changing', 'The source is being changed: try again')
  }

  async #lookAt(source: Source, { signal, requester }: Waiting): Promise<FoundFace | 'source-changed'> {
    const { detector, renditions } = this.#options
    const known = this.remembered(source)
    if (known !== undefined) return known
    const name = nameOf(source)
    const { result } = this.#flights.join(
      name,
      async (flight) => {
        const look = async (picture: Buffer) => ({
          box: checkFace(await detector.find(picture, flight.signal)),
        })
        const face = await renditions.lend(source, flight, look, requester)
        if (face !== 'source-changed') this.#known.set(name, face)
        return face
      },
      signal,
      requester?.isBackground,
    )
    return result
  }
}

const nameOf = ({ key, version }: Source) => `${key}@${version}`

function timedOut(): GatewayError {
  return new GatewayError('timed_out', 'It took too long to look for a face')
}
