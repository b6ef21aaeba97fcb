import type { Copy } from './copies.ts'
import type { EdgeAnswer, EdgeOptions, EdgeRequest, OriginGroup } from './edge.ts'
import type { Reply, Upstream, Visit } from './visit.ts'

const ATTEMPTS = 3

/** All origins of a distribution, with the number of requests that each was asked. */
export function createOrigins(origins: EdgeOptions['origins']): {
  readonly ask: Upstream
  asked(name: string): number
} {
  const counts = new Map<string, number>()

  async function askOne(name: string, request: EdgeRequest): Promise<EdgeAnswer> {
    const origin = origins[name]
    if (origin === undefined) throw new Error(`The distribution has no origin ${name}`)
    const headers = { ...request.headers, ...origin.customHeaders }
    const { attempts = ATTEMPTS } = origin
    for (let attempt = 1; ; attempt++) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      try {
        return await origin.fetch({ ...request, headers })
      } catch (error) {
        if (attempt >= attempts) throw new Unreachable(error)
      }
    }
  }

  async function askGroup(
    { primary, secondary, codes }: OriginGroup,
    request: EdgeRequest,
  ): Promise<EdgeAnswer> {
    try {
      const answer = await askOne(primary, request)
      if (!codes.includes(answer.status)) return answer
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
    }
    return askOne(secondary, request)
  }

  async function ask(visit: Visit, copy: Copy | undefined): Promise<Reply> {
    const { origin } = visit.behavior
    const request = { ...visit.request, headers: { ...visit.request.headers, ...conditions(visit, copy) } }
    const reply = { ageMs: 0, result: 'Miss', from: 'origin' } as const
    try {
      const answer = await (typeof origin === 'string' ? askOne(origin, request) : askGroup(origin, request))
      return { ...reply, answer, isUnreachable: false }
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      return { ...reply, answer: ownError(error), isUnreachable: true }
    }
  }

  return { ask, asked: (name) => counts.get(name) ?? 0 }
}

/** An origin could not be reached, however often it was tried. */
class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The origin cannot be reached', { cause })
  }
}

/** What is asked of the origin beside the thing itself: whether a copy is still right, or a range. */
function conditions({ range }: Visit, copy: Copy | undefined): Record<string, string> {
  if (copy === undefined) return range === undefined ? {} : { range }
  const { etag, 'last-modified': modified } = copy.answer.headers
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  }
}

function ownError({ cause }: Unreachable): EdgeAnswer {
  const status = cause instanceof Error && cause.name === 'TimeoutError' ? 504 : 502
  const body = Buffer.from('<H1>The request could not be satisfied.</H1>')
  return { status, headers: { 'content-type': 'text/html', 'content-length': `${body.length}` }, body }
}
