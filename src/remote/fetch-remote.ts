import { type Dispatcher, request } from 'undici'
import { GatewayError } from '../errors.ts'
import type { FairBudget } from '../admission/fair-budget.ts'
import type { Agents } from './agents.ts'
import { failureOf } from './failures.ts'
import { type AnswerHeaders, headerOf } from './freshness.ts'
import { assertFetchable, type RemoteRules } from './rules.ts'

/** What another server says of a URL. */
export type RemoteAnswer =
  | { readonly outcome: 'found'; readonly headers: AnswerHeaders; readonly bytes: Buffer<ArrayBuffer> }
  | { readonly outcome: 'unchanged' | 'absent'; readonly headers: AnswerHeaders }

export interface FetchOptions {
  readonly agents: Agents
  readonly rules: RemoteRules
  readonly maxBytes: number
  readonly maxRedirects: number
  /** Bounds the bodies that are read at once. */
  readonly reading: Pick<FairBudget, 'use'>
}

/** What is asked for of one URL. */
export interface RemoteRequest {
  readonly url: string
  readonly conditions: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

type Response = Dispatcher.ResponseData

/** By this a gateway knows a request of its own kind. */
const MARK = 'image-resizing'

// Nothing of the client's request: no cookies, no credentials, no address.
const HEADERS = {
  accept: 'image/*',
  'accept-encoding': 'identity',
  'user-agent': 'halftone',
  via: `1.1 ${MARK} (halftone)`,
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What is read of an answer that is none, so that its connection can be used again. */
const LEFT_OVER_BYTES = 16 * 1024

/** Whether a `Via` header says that a gateway of this kind has sent the request: what it asks for must not be resized again. */
export function isMarked(via: string | null | undefined): boolean {
  return via?.toLowerCase().includes(MARK) ?? false
}

/**
 * Fetches a URL, following redirects, each of which has to be allowed as well. Throws `GatewayError`s: what the rules
 * say, `too_many_redirects`, `source_too_large`, `source_loop`, and the `remote_…` ones. The signal rejects with its reason.
 */
export async function fetchRemote(
  { url: asked, conditions, signal }: RemoteRequest,
  options: FetchOptions,
): Promise<RemoteAnswer> {
  const { rules, maxRedirects, agents } = options
  let url = new URL(asked)
  const beganAtSite = url.origin === rules.siteOrigin
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    assertFetchable(url, rules, beganAtSite)
    const isAtSite = beganAtSite && url.origin === rules.siteOrigin
    const dispatcher = isAtSite ? agents.trusting : agents.guarded
    const response = await ask(url, { dispatcher, headers: { ...HEADERS, ...conditions }, signal })
    if (!REDIRECTS.has(response.statusCode)) return answerOf(response, options, signal)
    await leave(response, signal)
    url = targetOf(response, url)
  }
  throw new GatewayError('too_many_redirects', `The source was redirected more than ${maxRedirects} times`)
}

interface Asking {
  readonly dispatcher: Dispatcher
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
}

async function ask(url: URL, asking: Asking): Promise<Response> {
  try {
    return await request(url, { method: 'GET', ...asking })
  } catch (error) {
    throw asking.signal.aborted ? asking.signal.reason : failureOf(error)
  }
}

async function answerOf(
  response: Response,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<RemoteAnswer> {
  const { statusCode: status, headers } = response
  const isFound = status === 200 && isPlain(headers) && !isResized(headers)
  if (isFound) return { outcome: 'found', headers, bytes: await readBody(response, options, signal) }
  await leave(response, signal)
  if (status === 304) return { outcome: 'unchanged', headers }
  if (status === 404 || status === 410) return { outcome: 'absent', headers }
  throw verdictOn(status, headers)
}

function verdictOn(status: number, headers: AnswerHeaders): GatewayError {
  if (status === 508 || (status === 200 && isResized(headers))) {
    return new GatewayError('source_loop', 'The source is a picture that has been resized already')
  }
  if (status >= 400 && status < 500) {
    return new GatewayError('remote_refused', `The server of the source refused it with ${status}`)
  }
  const how = status === 200 ? 'a coded body that was not asked for' : `${status}`
  return new GatewayError('remote_failed', `The server of the source answered with ${how}`)
}

/** Whether the bytes are the picture's own: what was packed could be anything once it is unpacked. */
function isPlain(headers: AnswerHeaders): boolean {
  const coding = headerOf(headers, 'content-encoding')?.trim().toLowerCase() ?? ''
  return coding === '' || coding === 'identity'
}

const isResized = (headers: AnswerHeaders): boolean =>
  headerOf(headers, 'cf-resized') !== undefined || isMarked(headerOf(headers, 'via'))

async function readBody(
  { headers, body }: Response,
  { maxBytes, reading }: FetchOptions,
  signal: AbortSignal,
): Promise<Buffer<ArrayBuffer>> {
  const length = headerOf(headers, 'content-length') ?? ''
  const stated = /^\d+$/.test(length) ? Number(length) : maxBytes
  try {
    if (stated > maxBytes) throw tooLarge(maxBytes)
    return await reading.use(stated, () => collect(body, maxBytes), { signal })
  } catch (error) {
    // Nobody listens to a body that is not read.
    body.on('error', () => {}).destroy()
    throw signal.aborted ? signal.reason : failureOf(error)
  }
}

async function collect(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, bytes)
}

async function leave({ body }: Response, signal: AbortSignal): Promise<void> {
  try {
    await body.dump({ limit: LEFT_OVER_BYTES, signal })
  } catch (error) {
    throw signal.aborted ? signal.reason : failureOf(error)
  }
}

function targetOf({ statusCode, headers }: Response, from: URL): URL {
  // Headers are read byte by byte; servers write UTF-8.
  const raw = headerOf(headers, 'location')
  const location = raw === undefined ? undefined : Buffer.from(raw, 'latin1').toString('utf8')
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new GatewayError(
      'remote_failed',
      `The server of the source answered ${statusCode} without saying where to`,
    )
  }
  const target = new URL(location, from)
  target.hash = ''
  return target
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'source_too_large',
    `The source has more than ${maxBytes} bytes, which is what is accepted`,
  )
}
