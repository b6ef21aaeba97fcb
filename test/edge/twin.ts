import { createEdge } from '../support/edge/create-edge.ts'
import type {
  Edge,
  EdgeAnswer,
  EdgeBehavior,
  EdgeLogLine,
  EdgeOptions,
  EdgeRequest,
} from '../support/edge/edge.ts'

export const FRANKFURT = 'FRA56-P1'
export const ASHBURN = 'IAD89-P2'

/** What a test's origin says next; a string is its `Cache-Control`. */
export type Say = (request: EdgeRequest) => EdgeAnswer | Promise<EdgeAnswer>

/** An answer of 200 with a body, unless told otherwise. */
export function says(
  headers: Readonly<Record<string, string>> = {},
  { status = 200, body = 'picture' }: { status?: number; body?: string } = {},
): EdgeAnswer {
  const bytes = Buffer.from(body)
  return { status, headers: { 'content-length': `${bytes.length}`, ...headers }, body: bytes }
}

/** An edge on a clock that is turned by hand, before one origin whose answers the test decides. */
export interface EdgeStage {
  readonly edge: Edge
  /** Requests that the origin got, in their order. */
  readonly requests: EdgeRequest[]
  readonly lines: EdgeLogLine[]
  origin: Say
  pass(seconds: number): void
  now(): number
  get(target: string, headers?: Readonly<Record<string, string>>, location?: string): Promise<EdgeAnswer>
  /** `Hit`, `Miss`, `RefreshHit` or `Error`. */
  result(target: string, headers?: Readonly<Record<string, string>>, location?: string): Promise<string>
}

export interface StageOptions extends Partial<Omit<EdgeOptions, 'behaviors'>> {
  readonly behavior?: Partial<EdgeBehavior>
  readonly behaviors?: readonly EdgeBehavior[]
}

const START = Date.parse('2026-11-01T12:00:00Z')

/** Sets the stage: a policy of 0, 0 and a year unless told otherwise, and no Origin Shield. */
export function createStage({ behavior, ...options }: StageOptions = {}): EdgeStage {
  let now = START
  const requests: EdgeRequest[] = []
  const lines: EdgeLogLine[] = []
  const fetch = async (request: EdgeRequest) => {
    requests.push(request)
    return stage.origin(request)
  }
  const plain = { pattern: '*', origin: 'gateway', ttls: { minS: 0, defaultS: 0, maxS: 31_536_000 } }
  const edge = createEdge({
    clock: () => now,
    origins: { gateway: { fetch, attempts: 1 } },
    behaviors: [{ ...plain, ...behavior }],
    tagHeader: 'x-amz-meta-cache-tag',
    log: (line) => lines.push(line),
    ...options,
  })
  const get: EdgeStage['get'] = async (target, headers = {}, location = FRANKFURT) =>
    edge.view(location, { method: 'GET', target, headers })
  const stage: EdgeStage = {
    edge,
    requests,
    lines,
    origin: () => says(),
    pass: (seconds) => {
      now += seconds * 1000
    },
    now: () => now,
    get,
    async result(...request) {
      const { headers } = await get(...request)
      return (headers['x-cache'] ?? '').replace(' from cloudfront', '')
    },
  }
  return stage
}
