import type { UploaderOptions } from './contract.ts'

/**
 * Why an upload came to nothing. `code` is the API's (`upload_refused`, …), or `cancelled`, `unreachable` (no answer),
 * `bucket_refused`, `unexpected_answer` (not the API's); `detail` is for people to read.
 */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  readonly code: string
  readonly detail: string
  /** Of the answer; 0 when there was none. */
  readonly status: number
  /** How long the server asked to wait. */
  readonly retryAfterMs: number

  constructor(code: string, detail: string, status = 0, retryAfterMs = 0) {
    super(`${code}: ${detail}`)
    this.code = code
    this.detail = detail
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** Whether the same may have another answer later; of a bucket's refusals those that can come of a URL that has expired. */
function isPassing(error: unknown): error is UploadError {
  if (!(error instanceof UploadError)) return false
  const { code, status } = error
  if (code === 'bucket_refused' && [400, 403, 404].includes(status)) return true
  return ['unreachable', 'conflict'].includes(code) || [408, 425, 429].includes(status) || status >= 500
}

/** Whether the API has said no, and will say so again. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof UploadError) || error.code === 'bucket_refused') return false
  return error.status >= 400 && error.status !== 401 && !isPassing(error)
}

export interface Retries {
  /** The first included. */
  readonly attempts: number
  /** The longest pause before the second attempt; doubled for each further one. */
  readonly retryDelayMs: number
}

/** Tries again what failed in passing, with growing pauses of random length. */
export async function retry<T>(
  { attempts, retryDelayMs }: Retries,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isPassing(error) || attempt >= attempts) throw error
      const delay = retryDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
      await pause(Math.max(delay, error.retryAfterMs), signal)
    }
  }
}

/** Ends early when the network is back. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = new AbortController()
    const end = (finish: () => void) => () => {
      clearTimeout(timer)
      over.abort()
      finish()
    }
    const timer = setTimeout(end(resolve), ms)
    addEventListener('online', end(resolve), { signal: over.signal })
    const leave = end(() => reject(signal?.reason))
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { signal: over.signal })
  })
}

/** Lets so many run at once; the others wait their turn, or leave with the signal. */
export type Gate = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>

export function createGate(places: number): Gate {
  const waiting = new Set<() => void>()
  let running = 0
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      waiting.add(resolve)
      const leave = () => waiting.delete(resolve) && reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
    })
  return async (work, signal) => {
    signal.throwIfAborted()
    if (running < places) running += 1
    else await enter(signal)
    try {
      return await work()
    } finally {
      // Who leaves hands on its place: the count stays.
      const [next] = waiting
      if (next === undefined) running -= 1
      else {
        waiting.delete(next)
        next()
      }
    }
  }
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** Calls the API; what it answers is trusted to be what its description says. */
export type Api = <T>(call: ApiCall) => Promise<T>

export function createApi(options: Retries & UploaderOptions & { readonly api: string }): Api {
  const ask = async (call: ApiCall, isRefused: boolean): Promise<Response> => {
    const headers = new Headers()
    const token = await options.token?.(isRefused)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    if (call.body !== undefined) headers.set('content-type', 'application/json')
    if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey)
    const { method, path, signal = null } = call
    const body = call.body === undefined ? null : JSON.stringify(call.body)
    return fetch(options.api + path, { method, headers, body, signal }).catch((error: unknown) => {
      throw signal?.aborted ? error : new UploadError('unreachable', 'The server cannot be reached')
    })
  }
  return async (call) =>
    retry(options, call.signal, async () => {
      let answer = await ask(call, false)
      if (answer.status === 401 && options.token !== undefined) answer = await ask(call, true)
      if (!answer.ok) throw await readProblem(answer)
      return answer.status === 204 ? undefined : answer.json()
    })
}

async function readProblem(answer: Response): Promise<UploadError> {
  const wait = Number(answer.headers.get('retry-after') ?? 0)
  // A proxy in between may answer with a page of its own.
  const problem = await answer.json().catch(() => ({}))
  const { code = 'unexpected_answer', detail = `The server answered ${answer.status}` } = problem
  return new UploadError(code, detail, answer.status, Number.isFinite(wait) ? wait * 1000 : 0)
}

export interface Transfer {
  readonly method: 'POST' | 'PUT'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Blob | FormData
}

export interface SendOptions {
  readonly signal: AbortSignal
  readonly stallMs: number
  readonly onSent: (bytes: number) => void
}

/** Sends bytes to the bucket once. By XMLHttpRequest: `fetch` does not tell how far it has come. */
export function send({ method, url, headers, body }: Transfer, options: SendOptions): Promise<void> {
  const { signal, stallMs, onSent } = options
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const xhr = new XMLHttpRequest()
    const stop = () => xhr.abort()
    let timer: ReturnType<typeof setTimeout>
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(stop, stallMs)
    }
    xhr.upload.addEventListener('progress', ({ loaded }) => {
      watch()
      onSent(loaded)
    })
    xhr.addEventListener('loadend', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      const { status } = xhr
      // 412: it lies there already, from an attempt whose answer was lost.
      if ((status >= 200 && status < 300) || status === 412) resolve()
      else reject(signal.aborted ? signal.reason : refusal(status))
    })
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) {
      // Browsers set these two themselves.
      if (!/^(?:content-length|host)$/i.test(name)) xhr.setRequestHeader(name, value)
    }
    signal.addEventListener('abort', stop)
    watch()
    xhr.send(body)
  })
}

function refusal(status: number): UploadError {
  if (status === 0) return new UploadError('unreachable', 'The connection to the bucket was lost')
  // 409: another write of the same object is under way.
  return new UploadError(
    status === 409 ? 'conflict' : 'bucket_refused',
    `The bucket answered ${status}`,
    status,
  )
}
