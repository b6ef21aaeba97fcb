import { BY_EDGE } from '../edge-journey.ts'
import { type Mark, readMark, sameMark } from './mark.ts'
import { type Look, nextLook } from './looks.ts'
import { oneOf, type Run } from './run.ts'
import { BOUND_MS } from './stage.ts'
import { remember } from './stock.ts'
import type { Seen } from './truth.ts'

/** Longer than everything behind may take together. */
const PATIENCE_MS = 30_000
/** Bodies whose marks are remembered. */
const KNOWN_BODIES = 5_000
/** What a gateway may say while something is wrong. */
const EXCUSED = new Set([502, 503, 504])

interface Given {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

interface Where {
  readonly url: string
  readonly name: 'edge' | 'gateway'
}

/** People who look at pictures through both locations, and an edge elsewhere that asks the gateways directly. */
export function createViewers(run: Run) {
  const { stage, stock, tally, random, unwell } = run
  const marks = new Map<string, Mark>()
  const etags = new Map<string, Mark>()
  /** ETags by path: what a browser asks with. */
  const lastSeen = new Map<string, string>()

  async function ask({ path, headers }: Look, { url, name }: Where, more: Record<string, string>) {
    const all = { ...headers, ...more, ...(name === 'gateway' ? BY_EDGE : {}) }
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(new URL(path, url), { headers: all, redirect: 'manual', signal })
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) }
  }

  /** As an edge does it: a connection that has just been closed is tried again elsewhere, once. */
  async function askAgain(look: Look, where: () => Where, more: Record<string, string>): Promise<Given> {
    try {
      return await ask(look, where(), more)
    } catch {
      tally.count('views: asked again')
      return ask(look, where(), more)
    }
  }

  /** A location, or now and then a gateway. */
  function somewhere(): () => Where {
    if (random() < 0.7) {
      const url = oneOf(random, stage.journey.urls)
      return () => ({ url, name: 'edge' })
    }
    return () => ({ url: oneOf(random, stage.journey.replicas).url, name: 'gateway' })
  }

  async function view(look: Look, where: () => Where): Promise<void> {
    const fromMs = performance.now()
    const { name } = where()
    const known = random() < 0.2 ? lastSeen.get(look.path) : undefined
    const more: Record<string, string> = known === undefined ? {} : { 'if-none-match': known }
    let given: Given
    try {
      given = await askAgain(look, where, more)
    } catch (error) {
      return failed(look, fromMs, String(error))
    }
    const toMs = performance.now()
    tally.count('views')
    tally.count(`views: ${given.status}`)
    tally.time(`${name}, ${resultOf(given, name)}`, toMs - fromMs)
    if (given.status >= 500 || given.status === 429) return refused(look, fromMs, given)
    const seen = await seenIn(look, given)
    if (seen === undefined) return
    judge(look, { seen, fromMs, toMs }, given)
    if (given.status === 200 && random() < 0.1) await viewPart(look, where, given)
  }

  function failed(look: Look, fromMs: number, error: string): void {
    tally.count('views')
    if (unwell.touch(fromMs, performance.now())) return tally.count('failures in troubled times')
    tally.count('failures')
    tally.find('a request failed', { path: look.path, error, tookMs: performance.now() - fromMs })
  }

  function refused(look: Look, fromMs: number, { status, headers, body }: Given): void {
    const details = {
      path: look.path,
      status,
      said: body.toString().slice(0, 300),
      tookMs: performance.now() - fromMs,
    }
    const isProblem = headers.get('content-type')?.includes('problem') === true
    const kept = headers.get('cache-control') ?? ''
    if (isProblem && !/no-store/.test(kept)) tally.find('a failure that may be kept', { ...details, kept })
    if (!EXCUSED.has(status)) tally.find('a failure that nothing excuses', details)
    else if (unwell.touch(fromMs, performance.now())) tally.count('failures in troubled times')
    else {
      tally.count('failures')
      tally.find('a request failed', details)
    }
  }

  async function seenIn(look: Look, given: Given): Promise<Seen | undefined> {
    const { status, headers, body } = given
    const { path, target } = look
    if (status === 404) return 'absent'
    // From an old version the way leads to the one that is there.
    if (status === 302 && target.kind === 'versioned') return 'absent'
    const etag = headers.get('etag') ?? ''
    if (status === 304) return etags.get(etag)
    if (status !== 200) {
      tally.find('an answer that nobody expects', { path, status, said: body.toString().slice(0, 300) })
      return undefined
    }
    const type = headers.get('content-type') ?? ''
    if (!look.types.includes(type)) tally.find('a wrong type', { path, type, expected: look.types })
    if (Number(headers.get('content-length') ?? body.length) !== body.length)
      tally.find('a wrong length', { path, length: headers.get('content-length'), bytes: body.length })
    const mark = await markIn(body)
    if (mark === undefined) {
      tally.find('a picture that cannot be read', { path, etag, bytes: body.length })
      return undefined
    }
    learn(look, { mark, etag, headers })
    return mark
  }

  function learn(look: Look, { mark, etag, headers }: { mark: Mark; etag: string; headers: Headers }): void {
    const before = etags.get(etag)
    if (before !== undefined && !sameMark(before, mark))
      tally.find('one ETag for two pictures', { path: look.path, etag, before, mark })
    etags.set(etag, mark)
    lastSeen.set(look.path, etag)
    const shown = headers.get('content-location') ?? ''
    const [, photoId] = /^\/img\/items\/[^/]+\/photos\/([^/]+)\/@/.exec(shown) ?? []
    if (photoId !== undefined && mark.item === look.item.truth.item)
      remember(look.item, { path: shown, photoId, version: mark.version })
  }

  /** Marks by the bytes that show them: most pictures are seen often. */
  async function markIn(body: Buffer): Promise<Mark | undefined> {
    const digest = await digestOf(body)
    const known = marks.get(digest)
    if (known !== undefined) return known
    const mark = await readMark(body).catch(() => undefined)
    if (marks.size >= KNOWN_BODIES) marks.clear()
    if (mark !== undefined) marks.set(digest, mark)
    return mark
  }

  function judge(look: Look, sight: { seen: Seen; fromMs: number; toMs: number }, given: Given): void {
    const { item, target, path } = look
    const verdict = item.truth.judge({ target, ...sight })
    const details = {
      path,
      seen: sight.seen,
      expected: item.truth.expected(target),
      status: given.status,
      headers: Object.fromEntries(given.headers),
    }
    if ('never' in verdict) tally.find('what was never to be seen', details)
    else if (verdict.staleMs > BOUND_MS) tally.find('an old one past the bound', { ...details, ...verdict })
    else if (verdict.staleMs > 0) {
      tally.count('views: old, within the bound')
      tally.time('age of what was old', verdict.staleMs)
    }
  }

  /** A part of what has just been seen is that part of it. */
  async function viewPart(look: Look, where: () => Where, whole: Given): Promise<void> {
    const start = Math.floor(random() * whole.body.length)
    const etag = whole.headers.get('etag') ?? ''
    const range = { range: `bytes=${start}-`, 'if-range': etag }
    const part = await askAgain(look, where, range).catch(() => undefined)
    if (part?.status !== 206 || part.headers.get('etag') !== etag) return
    tally.count('views: 206')
    if (!part.body.equals(whole.body.subarray(start)))
      tally.find('a part that is not of the whole', { path: look.path, start, etag })
  }

  return {
    /** One view of what is there, or was. */
    async viewSomething(): Promise<void> {
      const item = stock.gone.length > 0 && random() < 0.05 ? oneOf(random, stock.gone) : stock.pick()
      await view(nextLook(item, random), somewhere())
    },
    view,
  }
}

export type Viewers = ReturnType<typeof createViewers>

async function digestOf(body: Buffer): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(body))).toString('hex')
}

/** How an answer came about, in the words of `X-Cache` or `Cache-Status`. */
function resultOf({ status, headers }: Given, name: Where['name']): string {
  if (status >= 400) return `${status}`
  if (name === 'edge') return (headers.get('x-cache') ?? 'nothing').replace(' from cloudfront', '')
  const said = headers.get('cache-status') ?? ''
  if (said.includes('memory; hit')) return 'memory'
  return said.includes('bucket; hit') ? 'bucket' : 'rendered or redirected'
}
