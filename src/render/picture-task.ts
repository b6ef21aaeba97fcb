import { GatewayError } from '../errors.ts'
import type { Answer, Job } from '../pixels/messages.ts'
import { createDeferred } from './deferred.ts'
import type { Outcome } from './worker-process.ts'

/** An answer with the wait, in milliseconds, before a worker first had the job. */
export interface TimedAnswer {
  readonly answer: Answer
  readonly queueMs: number
}

/** A worker may die for another's fault (the kernel's choice when memory is short), hardly twice under one picture. */
const CRASHES_ALLOWED = 1

/** One job on its way through the pool. Its promise is settled once: by an answer, by a verdict, or by leaving. */
export class PictureTask {
  readonly job: Job
  readonly #queuedAt = performance.now()
  readonly #done = createDeferred<TimedAnswer>()
  #queueMs: number | undefined
  #crashes = 0
  #isAbandoned = false

  constructor(job: Job) {
    this.job = job
  }

  get done(): Promise<TimedAnswer> {
    return this.#done.promise
  }

  /** Called when a worker takes the job. */
  begin(): void {
    this.#queueMs ??= performance.now() - this.#queuedAt
  }

  /** Nobody waits for it any more. What a worker still makes of it is dropped. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true
    this.#done.reject(reason)
  }

  /** Settles the job with what came of it; true when it must be tried again. */
  settle(outcome: Outcome): boolean {
    if (outcome.kind !== 'lost') {
      this.#done.resolve({ answer: outcome, queueMs: this.#queueMs ?? 0 })
      return false
    }
    if (this.#isAbandoned) return false
    if (outcome.reason === 'unbegun') return true
    if (outcome.reason === 'overran')
      return this.#refuse('source_overran', 'The picture took too long to render')
    if (outcome.reason === 'outgrew')
      return this.#refuse('source_too_large', 'The picture takes more memory than a render worker may have')
    this.#crashes += 1
    if (this.#crashes <= CRASHES_ALLOWED) return true
    return this.#refuse(
      'source_crashed',
      'The picture crashed its decoder, and again when it was tried once more',
    )
  }

  #refuse(code: 'source_overran' | 'source_too_large' | 'source_crashed', message: string): false {
    this.#done.reject(new GatewayError(code, message))
    return false
  }
}
