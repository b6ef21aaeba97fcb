import {
  box,
  boxPath,
  dark,
  group,
  type Layer,
  linear,
  type Look,
  mix,
  oval,
  type Pair,
  type Shot,
  shape,
  stroke,
  textured,
  ring,
} from '../kit/draw.ts'
import { glasses, globe } from './book-props.ts'
import { outOfFocus } from '../kit/focus.ts'
import { lettering, letteringWidth } from '../kit/font.ts'
import { random } from '../kit/random.ts'
import { bokeh, tableTop } from '../kit/rooms.ts'

interface Book {
  readonly title: string
  readonly author: string
  readonly cloth: string
  readonly ink: string
  /** Of the spine. */
  readonly thickness: number
  readonly height: number
}

const book = (title: string, author: string, colours: readonly [string, string], sides: Pair): Book => ({
  title,
  author,
  cloth: colours[0],
  ink: colours[1],
  thickness: sides[0],
  height: sides[1],
})

const gold = '#e8c878'
const cream = '#f3e8cf'

const LIBRARY: readonly Book[] = [
  book('THE SALT ROAD', 'HALE', ['#7a2a25', gold], [170, 1080]),
  book('TIDES', 'VOSS', ['#24506b', cream], [120, 960]),
  book('A FIELD GUIDE TO CLOUDS', 'OKORO', ['#d8c79c', '#3a4a5a'], [150, 1020]),
  book('NIGHT TRAINS', 'FERRO', ['#1f2b3f', gold], [190, 1120]),
  book('BREAD & STONE', 'LIND', ['#b5642c', cream], [130, 900]),
  book('ATLAS OF SMALL ISLANDS', 'KAYE', ['#2f6152', gold], [210, 1160]),
  book('WINTER LETTERS', 'MORO', ['#8d8f99', '#23242c'], [110, 980]),
  book('THE CLOCKMAKER', 'ADAIR', ['#5b2f52', gold], [160, 1050]),
  book('ORCHARD', 'DUNN', ['#c9a23a', '#4a2a18'], [130, 930]),
  book('COLLECTED POEMS', 'ARLEN', ['#2a2725', gold], [180, 1090]),
  book('FERNS', 'ABBOTT', ['#4f7048', cream], [140, 970]),
]

/** The light across a rounded spine of `thickness` that runs along its length. */
const spineLight = linear(
  'spine',
  '#000 0 .62,#000 .08 .18,#fff .24 .3,#fff .34 .2,#fff .46 0,#000 .6 .06,#000 .9 .5,#000 1 .72',
)

/** A spine that stands on the origin, its left edge at 0. */
function spine({ title, author, cloth, ink, thickness, height }: Book): string {
  const size = Math.min(thickness * 0.4, (height * 0.54) / (letteringWidth(title, 100) / 100))
  const along = (text: string, top: number, letters: number) =>
    group(
      `transform="translate(${thickness / 2 + letters / 2} ${top}) rotate(90)"`,
      lettering(text, { at: [0, 0], height: letters, colour: ink, weight: 0.15 }),
    )
  const rule = (y: number, width: number) => box([0, y], [thickness, width], ink, 'fill-opacity=".85"')
  const label = boxPath([0, -height * 0.9], [thickness, height * 0.64])
  return [
    shape(`M0 -${height - 8}Q${thickness / 2} -${height + 10} ${thickness} -${height - 8}V0H0z`, cloth),
    thickness > 140 ? shape(label, dark(cloth, 0.35), 'fill-opacity=".6"') : '',
    rule(-height * 0.93, 9),
    rule(-height * 0.915, 4),
    rule(-height * 0.24, 9),
    rule(-height * 0.255, 4),
    rule(-46, 12),
    along(title, -height * 0.87, size),
    group(
      `transform="translate(${(thickness - letteringWidth(author, 22)) / 2} ${-height * 0.16})"`,
      lettering(author, { at: [0, 0], height: 22, colour: ink, weight: 0.15 }),
    ),
    ring([thickness / 2, -height * 0.2], 15, ink, 4),
    shape(
      `M0 -${height - 8}Q${thickness / 2} -${height + 10} ${thickness} -${height - 8}V0H0z`,
      'url(#spine)',
    ),
  ].join('')
}

const spineShape = ({ thickness, height }: Book): string => boxPath([0, -height], [thickness, height])

interface Placed {
  readonly book: Book
  readonly place: string
}

/** Books side by side on a board, the last one leaning. */
function row(from: number, board: number, order: readonly number[]): readonly Placed[] {
  let x = from
  return order.flatMap((index, i) => {
    const found = LIBRARY[index % LIBRARY.length]
    if (!found) return []
    const last = i === order.length - 1
    const left = x + (last ? 185 : 0)
    x += found.thickness + 3
    return [{ book: found, place: `transform="translate(${left} ${board}) rotate(${last ? -10 : 0})"` }]
  })
}

function rowLayers(placed: readonly Placed[]): readonly Layer[] {
  const draw = (paint: (one: Book) => string) =>
    placed.map(({ book: one, place }) => group(place, paint(one))).join('')
  const mass = draw((one) => shape(spineShape(one), '#000'))
  return [
    { body: group('transform="translate(46 -14)"', mass), shadow: 0.6, blur: 26 },
    { body: spineLight + draw(spine) },
    { body: draw((one) => textured(spineShape(one), 'weave', 0.5)) },
  ]
}

const board = (y: number) => {
  const top = linear('board', '#8a5a34 0,#6b4224 1', 90)
  const front = boxPath([-500, y + 60], [4200, 96])
  return (
    top +
    box([-500, y - 46], [4200, 106], 'url(#board)') +
    shape(front, '#7d4e2b') +
    textured(front, 'wood', 0.9) +
    stroke(`M-500 ${y + 62}h4200`, '#c08a58', 5) +
    stroke(`M-500 ${y + 156}h4200`, '#1a0e07', 8)
  )
}

/** A bookcase of walnut: two boards and what is behind them. */
function bookcase(): readonly Layer[] {
  const back = boxPath([-500, -700], [4200, 3300])
  const depth = linear('depth', '#0a0502 0 .75,#0a0502 .35 .2,#0a0502 1 .35', 90)
  return [
    { body: shape(back, '#4a2c18') + textured(back, 'wood', 0.9), blur: 3 },
    { body: depth + box([-500, 180], [4200, 1440], 'url(#depth)') },
    { body: board(20) + board(1600) },
    { body: box([-500, 176], [4200, 60], '#000'), shadow: 0.75, blur: 30 },
  ]
}

/** Books lying on each other, the lowest first; the pile stands on `foot`. */
function pile(middle: number, foot: number, order: readonly number[]): readonly Layer[] {
  const next = random(40)
  let y = foot
  const placed = order.flatMap((index) => {
    const found = LIBRARY[index]
    if (!found) return []
    const left = middle - found.height / 2 + (next() - 0.5) * 120
    const place = `transform="translate(${left.toFixed(0)} ${y}) rotate(${((next() - 0.5) * 1.2).toFixed(2)}) matrix(0 -1 1 0 0 0) translate(0 ${found.height})"`
    y -= found.thickness + 2
    return [{ book: found, place }]
  })
  const seams = placed.map(({ place, book: one }) =>
    group(place, box([-10, -one.height], [22, one.height], '#000')),
  )
  return [
    { body: oval([middle + 90, foot + 6], [640, 50], '#000'), shadow: 0.6, blur: 34 },
    { body: box([middle - 480, foot - 12], [980, 24], '#000'), shadow: 0.85, blur: 10 },
    ...rowLayers(placed).slice(1),
    { body: seams.join(''), shadow: 0.55, blur: 8 },
  ]
}

const room: Look = { vignette: 0.5, grain: 5, warmth: 0.4, contrast: 0.4 }
const lampLight: Layer = {
  body:
    linear('warm', '#ffd9a0 0 .5,#ffd9a0 .4 0,#08050a .55 0,#08050a 1 .65', 18) +
    box([-600, -700], [4400, 3400], 'url(#warm)'),
}

/** The photographs of the books. */
export const BOOKS_SCENES: Readonly<Record<string, Shot>> = {
  'books-shelf': {
    layers: [
      ...bookcase(),
      ...rowLayers(row(150, 1616, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
      ...globe([2330, 1612]),
      lampLight,
    ],
    width: 3000,
    height: 2000,
    view: { x: 60, y: 130, width: 2560 },
    look: room,
  },
  'books-stack': {
    layers: [
      ...bokeh(mix('#6d7f52', '#e9d9a6', 0.3), ['#c9d89a', '#f4e6b0', '#8fae6a', '#ffffff'], 8),
      ...outOfFocus(tableTop('#a87642', 1560, 3), 4),
      ...pile(1400, 1800, [5, 3, 0, 7, 4, 1]),
      ...glasses([1360, 815]),
      lampLight,
    ],
    width: 2400,
    height: 3200,
    view: { x: 700, y: 230, width: 1420 },
    look: { ...room, warmth: 0.5, vignette: 0.4 },
  },
}
