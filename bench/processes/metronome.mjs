import { parentPort, workerData } from 'node:worker_threads'

// A thread of its own that sleeps to the fraction of a millisecond, which timers of the event loop cannot. Plain
// JavaScript: Node 20 runs no TypeScript in threads.
const { startAt, everyMs, count } = workerData
const cell = new Int32Array(new SharedArrayBuffer(4))

for (let index = 0; index < count; index += 1) {
  const waitMs = startAt + index * everyMs - Number(process.hrtime.bigint()) / 1e6
  if (waitMs > 0) Atomics.wait(cell, 0, 0, waitMs)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port to another thread, not a window
  parentPort.postMessage(index)
}
