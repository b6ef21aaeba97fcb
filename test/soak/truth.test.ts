import { describe, expect, test } from 'vitest'
import { type ItemState, type Sight, Truth, UNKNOWN_ID } from '../support/soak/truth.ts'
import { Windows } from '../support/soak/windows.ts'

const state = (...photos: [photoId: string, slot: number, version: number][]): ItemState => ({
  isShown: true,
  photos: photos.map(([photoId, slot, version]) => ({ photoId, slot, version })),
})
const FIRST = state(['a', 1, 1], ['b', 2, 2])
const SECOND = state(['a', 1, 3], ['b', 2, 2])
const HIDDEN: ItemState = { ...SECOND, isShown: false }

const COVER = { kind: 'cover' } as const
const mark = (slot: number, version: number) => ({ item: 7, slot, version })

/** An item whose photos came at 100, of which one is replaced from 200 to 210. */
function openTruth(unheard = new Windows()) {
  const truth = new Truth(7, unheard)
  truth.begin(FIRST, 90).confirm(100)
  const replacing = truth.begin(SECOND, 200)
  return { truth, replacing, unheard }
}

/** For how long it had been out of date, or that it was never to be seen. */
const judge = (truth: Truth, sight: Pick<Sight, 'seen' | 'fromMs'> & Partial<Sight>) => {
  const verdict = truth.judge({ target: COVER, toMs: sight.fromMs, ...sight })
  return 'never' in verdict ? verdict.never : verdict.staleMs
}

describe('what was seen of an item', () => {
  test('is right from when it was asked for, and old from when it was acknowledged', () => {
    const { truth, replacing } = openTruth()
    replacing.confirm(210)
    expect(judge(truth, { seen: mark(1, 1), fromMs: 205 })).toBe(0)
    expect(judge(truth, { seen: mark(1, 3), fromMs: 205 })).toBe(0)
    expect(judge(truth, { seen: mark(1, 1), fromMs: 260 })).toBe(50)
    expect(judge(truth, { seen: mark(1, 3), fromMs: 260 })).toBe(0)
    expect(judge(truth, { seen: 'absent', fromMs: 260 })).toBe(160)
  })

  test('is wrong for ever where nobody ever sent it, or before it was sent', () => {
    const { truth } = openTruth()
    expect(judge(truth, { seen: mark(1, 3), fromMs: 150 })).toBe('item 7, photo 1, version 3')
    expect(judge(truth, { seen: mark(2, 2), fromMs: 150 })).toBe('item 7, photo 2, version 2')
    expect(judge(truth, { seen: { ...mark(1, 1), item: 8 }, fromMs: 150 })).toBe('item 8, photo 1, version 1')
  })

  test('may be a version of a photo that nobody has been told the id of, and no other version', () => {
    const truth = new Truth(7, new Windows())
    truth.begin(state([UNKNOWN_ID, 1, 4]), 100)
    const versioned = (version: number) => ({ kind: 'versioned', photoId: 'new', version }) as const
    expect(judge(truth, { target: versioned(4), seen: mark(1, 4), fromMs: 150 })).toBe(0)
    expect(judge(truth, { target: versioned(4), seen: mark(1, 4), fromMs: 50 })).toBe(
      'item 7, photo 1, version 4',
    )
    expect(judge(truth, { target: versioned(3), seen: mark(1, 3), fromMs: 150 })).toBe(
      'item 7, photo 1, version 3',
    )
    expect(judge(truth, { target: versioned(4), seen: 'absent', fromMs: 150 })).toBe(0)
  })

  test('may be either while nobody knows whether a change was made', () => {
    const { truth } = openTruth()
    for (const version of [1, 3]) expect(judge(truth, { seen: mark(1, version), fromMs: 9_000 })).toBe(0)
    expect(truth.state).toEqual(FIRST)
    expect(truth.possible).toEqual([FIRST, SECOND])
    truth.begin(HIDDEN, 9_500).confirm(9_600)
    expect(truth.possible).toEqual([HIDDEN])
    expect(judge(truth, { seen: mark(1, 1), fromMs: 9_700 })).toBe(100)
  })

  test('a change that was refused was never to be seen', () => {
    const { truth, replacing } = openTruth()
    replacing.withdraw()
    expect(judge(truth, { seen: mark(1, 3), fromMs: 300 })).toBe('item 7, photo 1, version 3')
  })

  test('each path shows what it stands for; what is hidden, nothing', () => {
    const { truth, replacing } = openTruth()
    replacing.confirm(210)
    const photo = { kind: 'photo', photoId: 'b' } as const
    const old = { kind: 'versioned', photoId: 'a', version: 1 } as const
    expect(truth.expected(photo)).toEqual(mark(2, 2))
    expect(truth.expected(old)).toBe('absent')
    expect(truth.expected({ ...old, version: 3 })).toEqual(mark(1, 3))
    expect(judge(truth, { target: old, seen: mark(1, 1), fromMs: 220 })).toBe(10)
    truth.begin(HIDDEN, 300).confirm(310)
    expect(truth.expected(photo)).toBe('absent')
  })

  test('time in which nobody could hear of it does not count', () => {
    const { truth, replacing, unheard } = openTruth()
    replacing.confirm(210)
    unheard.open(220)(300)
    unheard.open(250)(320)
    expect(judge(truth, { seen: mark(1, 1), fromMs: 400 })).toBe(90)
    unheard.open(390)
    expect(judge(truth, { seen: mark(1, 1), fromMs: 9_000 })).toBe(80)
  })
})

test('windows say what they touch', () => {
  const windows = new Windows()
  const close = windows.open(100)
  expect(windows.touch(0, 99)).toBe(false)
  expect(windows.touch(0, 100)).toBe(true)
  expect(windows.touch(5_000, 5_001)).toBe(true)
  close(200)
  expect(windows.touch(150, 160)).toBe(true)
  expect(windows.touch(201, 300)).toBe(false)
  expect(windows.quietMs(0, 300)).toBe(200)
})
