import { beforeEach, describe, expect, it } from 'vitest'
import { createOverlays, type OverlaysOptions } from '../../src/overlays/overlays.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { observeStore, type StoreCall } from '../../src/storage/observed-store.ts'
import { formatInline, readOverlay } from '../../src/transform/overlay.ts'

const LOGO = readOverlay({ url: 'brand/logo.png', top: 1 })
const TEXT = readOverlay({ text: 'a' })

let calls: StoreCall[]
let store: ReturnType<typeof createMemoryObjectStore>

beforeEach(async () => {
  calls = []
  store = createMemoryObjectStore()
  await store.put('brand/logo.png', Buffer.from('a logo'), { contentType: 'image/png' })
})

const open = (options: Partial<OverlaysOptions> = {}) =>
  createOverlays({
    presets: new Map([
      ['logo', LOGO],
      ['text', TEXT],
      ['gone', readOverlay({ url: 'brand/gone.png' })],
    ]),
    pictures: observeStore(store, (call) => calls.push(call)),
    isFree: async () => true,
    maxSourceBytes: 1_000,
    timeoutMs: 10_000,
    ...options,
  })

describe('overlays', () => {
  it('are found by name, and as they stand in a URL, in the order that is asked for', async () => {
    const inline = formatInline(readOverlay({ url: 'brand/logo.png', left: 2 }))
    const found = await open().find(['text', inline, 'logo'])
    expect(
      found.map(({ name, overlay, picture }) => [name, overlay, picture && Buffer.from(picture).toString()]),
    ).toEqual([
      ['text', TEXT, undefined],
      [inline, readOverlay({ url: 'brand/logo.png', left: 2 }), 'a logo'],
      ['logo', LOGO, 'a logo'],
    ])
  })

  it('of one file ask the bucket once, however often and at once they are asked for', async () => {
    const overlays = open()
    await Promise.all([overlays.find(['logo', 'logo']), overlays.find(['logo'])])
    await overlays.find(['logo'])
    expect(calls.map(({ verb }) => verb)).toEqual(['get'])
  })

  it('of nothing ask nobody', async () => {
    expect(await open().find([])).toEqual([])
    expect(calls).toEqual([])
  })

  it('that are not there are told by the name that was asked with', async () => {
    const overlays = open()
    await expect(overlays.find(['text', 'gone'])).rejects.toMatchObject({
      code: 'overlay_not_found',
      message: 'The picture of the overlay gone is not there',
    })
    await expect(overlays.find(['nobody'])).rejects.toMatchObject({ code: 'invalid_target' })
    await store.put('brand/gone.png', Buffer.from('there'), { contentType: 'image/png' })
    expect((await overlays.find(['gone']))[0]?.picture).toEqual(Buffer.from('there'))
  })

  it('in a URL show nothing that is not free; those of the operator do', async () => {
    const asked: string[] = []
    const overlays = open({ isFree: async (key) => asked.push(key) === 0 })
    await expect(overlays.find([formatInline(LOGO)])).rejects.toMatchObject({ code: 'overlay_not_found' })
    expect(calls).toEqual([])
    expect(await overlays.find(['logo'])).toHaveLength(1)
    expect(asked).toEqual(['brand/logo.png'])
  })

  it('are not larger than a source may be', async () => {
    await expect(open({ maxSourceBytes: 5 }).find(['logo'])).rejects.toMatchObject({
      code: 'overlay_unusable',
      message: 'The file of an overlay has 6 bytes; at most 5 are accepted',
    })
  })

  it('leave who asks when he leaves', async () => {
    await expect(open().find(['logo'], AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  })
})
