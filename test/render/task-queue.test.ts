import { describe, expect, it } from 'vitest'
import { TaskQueue } from '../../src/render/task-queue.ts'

const STAYING = new AbortController().signal
const [ONE, TWO, THREE] = [{ id: 1 }, { id: 2 }, { id: 3 }]

describe('TaskQueue', () => {
  it('gives tasks in the order in which they came, the urgent one first', async () => {
    const queue = new TaskQueue<{ id: number }>()
    queue.push(ONE)
    queue.push(TWO)
    queue.pushFirst(THREE)
    expect(queue.size).toBe(3)
    expect([await queue.take(STAYING), await queue.take(STAYING), await queue.take(STAYING)]).toEqual([
      THREE,
      ONE,
      TWO,
    ])
  })

  it('gives a task to the one who has waited longest', async () => {
    const queue = new TaskQueue<{ id: number }>()
    const takers = [queue.take(STAYING), queue.take(STAYING), queue.take(STAYING)]
    queue.push(ONE)
    queue.pushFirst(TWO)
    queue.push(THREE)
    expect(await Promise.all(takers)).toEqual([ONE, TWO, THREE])
    expect(queue.size).toBe(0)
  })

  it('gives no task to one who has gone', async () => {
    const queue = new TaskQueue<{ id: number }>()
    const leaver = new AbortController()
    const gone = queue.take(leaver.signal)
    const stays = queue.take(STAYING)
    leaver.abort()
    queue.push(ONE)
    expect(await gone).toBeUndefined()
    expect(await stays).toBe(ONE)
    expect(await queue.take(leaver.signal)).toBeUndefined()
  })

  it('closes: what is there is still taken, nobody waits for more', async () => {
    const queue = new TaskQueue<{ id: number }>()
    queue.push(ONE)
    queue.close()
    expect(await queue.take(STAYING)).toBe(ONE)
    expect(await queue.take(STAYING)).toBeUndefined()
    const other = new TaskQueue<{ id: number }>()
    const waiting = other.take(STAYING)
    other.close()
    expect(await waiting).toBeUndefined()
  })

  it('gives back what nobody has taken, one or all', () => {
    const queue = new TaskQueue<{ id: number }>()
    for (const task of [ONE, TWO, THREE]) queue.push(task)
    queue.remove(TWO)
    queue.remove(TWO)
    expect(queue.drain()).toEqual([ONE, THREE])
    expect(queue.size).toBe(0)
  })
})
