import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { monotonicMs } from '../overload/monotonic.ts'
import { type Outcome, outcomeOf } from '../overload/outcome.ts'
import type { Sample } from '../overload/sample.ts'
import { doJobs } from './do-jobs.ts'
import { Exchange } from './exchange.ts'
import { type OpenLoopJob, openLoopJob } from './jobs.ts'

const METRONOME = fileURLToPath(new URL('./metronome.mjs', import.meta.url))

doJobs(openLoopJob, async (job) => ({ samples: await new OpenLoop(job).run() }))

/**
 * Requests that come when they are due, however slow the answers to those before them are: each is sent on a connection
 * that is free, on a new one if none is. Its time counts from when it was due.
 */
class OpenLoop {
  readonly #job: OpenLoopJob
  readonly #samples: Sample[] = []
  readonly #free: Line[] = []
  readonly #busy = new Set<Line>()
  #finish = () => {}
  #isLate = false

  constructor(job: OpenLoopJob) {
    this.#job = job
  }

  async run(): Promise<readonly Sample[]> {
    const { startAt, everyMs, paths, patienceMs } = this.#job
    const count = paths.length
    const metronome = new Worker(METRONOME, { workerData: { startAt, everyMs, count } })
    metronome.on('message', (index: number) => this.#ask(index))
    const lastAt = startAt + count * everyMs
    const answered = new Promise<void>((resolve) => (this.#finish = resolve))
    const late = setTimeout(() => this.#giveUp(), lastAt + patienceMs - monotonicMs())
    await answered
    clearTimeout(late)
    for (const line of this.#free) line.close()
    await metronome.terminate()
    return this.#samples
  }

  #ask(index: number): void {
    const { startAt, everyMs } = this.#job
    const dueAt = startAt + index * everyMs
    const lagMs = monotonicMs() - dueAt
    const line = this.#findFree() ?? new Line(this.#job.url)
    this.#busy.add(line)
    line.ask(this.#requestAt(index), (outcome) => {
      this.#busy.delete(line)
      if (line.isOpen) this.#free.push(line)
      this.#samples.push({ dueAt, lagMs, ms: monotonicMs() - dueAt, outcome })
      if (this.#samples.length === this.#job.paths.length) this.#finish()
    })
    if (this.#isLate) line.close()
  }

  /** The server may have closed what idled. */
  #findFree(): Line | undefined {
    for (;;) {
      const line = this.#free.pop()
      if (line === undefined || line.isOpen) return line
    }
  }

  #requestAt(index: number): Buffer {
    const { url, paths, clients } = this.#job
    const client = clients[index % clients.length]
    const from = client === undefined ? '' : `x-forwarded-for: ${client}\r\n`
    return Buffer.from(`GET ${paths[index] ?? ''} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n${from}\r\n`)
  }

  /** What has not been answered by now is wrong. */
  #giveUp(): void {
    this.#isLate = true
    for (const line of this.#busy) line.close()
  }
}

/** A connection, and whoever waits for its answer. */
class Line {
  readonly #exchange: Exchange
  #answer: (outcome: Outcome) => void = () => {}
  isOpen = true

  constructor(url: string) {
    const { hostname: host, port } = new URL(url)
    this.#exchange = new Exchange({
      host,
      port: Number(port),
      onAnswer: (head) => this.#settle(outcomeOf(head)),
    })
    void this.#exchange.closed.then(() => this.#leave())
  }

  ask(request: Buffer, answer: (outcome: Outcome) => void): void {
    this.#answer = answer
    this.#exchange.send(request)
  }

  close(): void {
    this.#exchange.close()
  }

  #leave(): void {
    this.isOpen = false
    this.#settle('wrong')
  }

  #settle(outcome: Outcome): void {
    const answer = this.#answer
    this.#answer = () => {}
    answer(outcome)
  }
}
