import { describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createDeferred } from '../../src/render/deferred.ts'
import { type PreparationOptions, PreparationQueue } from '../../src/uploads/preparation.ts'

const PRESETS = ['thumbnail', 'large']

function open(options: Partial<PreparationOptions> = {}) {
  const made: string[] = []
  const failures: unknown[] = []
  const queue = new PreparationQueue({
    formats: ['webp'],
    prepare: async (path, preset, format) =>
      void made.push(`${path} ${preset}${format === 'webp' ? '' : `.${format}`}`),
    isBusy: () => false,
    maxQueued: 10,
    onFailure: (error) => void failures.push(error),
    pauseMs: 0,
    ...options,
  })
  return { queue, made, failures }
}

describe('sizes of new pictures', () => {
  it('are made one after the other, in the order in which pictures came', async () => {
    const { queue, made } = open()
    expect(queue.add({ path: 'items/1', presets: PRESETS })).toBe(true)
    expect(queue.add({ path: 'items/2', presets: ['thumbnail'] })).toBe(true)
    await queue.drained()
    expect(made).toEqual(['items/1 thumbnail', 'items/1 large', 'items/2 thumbnail'])
    queue.add({ path: 'items/3', presets: ['medium'] })
    await queue.drained()
    expect(made.at(-1)).toBe('items/3 medium')
  })

  it('are made in every format that is wanted, and give way before each', async () => {
    let asked = 0
    const { queue, made } = open({ formats: ['webp', 'avif'], isBusy: () => (asked += 1) % 2 === 1 })
    queue.add({ path: 'items/1', presets: PRESETS })
    await queue.drained()
    expect(made).toEqual([
      'items/1 thumbnail',
      'items/1 thumbnail.avif',
      'items/1 large',
      'items/1 large.avif',
    ])
    expect(asked).toBe(8)
  })

  it('wait while somebody waits for a picture', async () => {
    let asked = 0
    const { queue, made } = open({ isBusy: () => (asked += 1) <= 3 })
    queue.add({ path: 'items/1', presets: ['thumbnail'] })
    await queue.drained()
    expect(asked).toBe(4)
    expect(made).toEqual(['items/1 thumbnail'])
  })

  it('that had to give way are made later, and those after them', async () => {
    let asked = 0
    const { queue, made, failures } = open({
      prepare: async (path, preset) => {
        asked += 1
        if (asked <= 3) throw new GatewayError('overloaded', 'Others are waiting')
        made.push(`${path} ${preset}`)
      },
    })
    queue.add({ path: 'items/1', presets: PRESETS })
    await queue.drained()
    expect(made).toEqual(['items/1 thumbnail', 'items/1 large'])
    expect(failures).toEqual([])
  })

  it('that have to give way for ever do not keep it from closing', async () => {
    let asked = 0
    const { queue, made } = open({
      prepare: async () => {
        asked += 1
        throw new GatewayError('overloaded', 'Others are waiting')
      },
    })
    queue.add({ path: 'items/1', presets: PRESETS })
    await vi.waitFor(() => expect(asked).toBeGreaterThan(1))
    await queue.close()
    expect(made).toEqual([])
  })

  it('that fail are told, and the next are made', async () => {
    const { queue, failures } = open({
      prepare: async (path) => {
        if (path === 'items/1') throw new Error('no')
      },
    })
    queue.add({ path: 'items/1', presets: PRESETS })
    queue.add({ path: 'items/2', presets: PRESETS })
    await queue.drained()
    expect(failures).toEqual([new Error('no')])
  })

  it('are left to whoever asks when too many wait, none are wanted, or it is closed', async () => {
    const gate = createDeferred<void>()
    const { queue } = open({ maxQueued: 1, prepare: () => gate.promise })
    expect(queue.add({ path: 'items/0', presets: [] })).toBe(false)
    expect(queue.add({ path: 'items/1', presets: PRESETS })).toBe(true)
    expect(queue.add({ path: 'items/2', presets: PRESETS })).toBe(true)
    expect(queue.add({ path: 'items/3', presets: PRESETS })).toBe(false)
    const closed = queue.close()
    expect(queue.size).toBe(0)
    expect(queue.add({ path: 'items/4', presets: PRESETS })).toBe(false)
    gate.resolve()
    await closed
  })
})
