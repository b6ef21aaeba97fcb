import { type CssNode, generate, List, parse, type ParseOptions, walk } from 'css-tree'
import { isWithin, isInlineFont, isInlinePicture } from './references.ts'

/** Functions of CSS that compute a value out of their arguments and load nothing. `url()` is looked at by itself. */
const FUNCTIONS = new Set(
  `rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark device-cmyk
  calc min max clamp round mod rem abs sign sin cos tan asin acos atan atan2 pow sqrt hypot log exp var env
  matrix matrix3d translate translatex translatey translatez translate3d scale scalex scaley scalez scale3d
  rotate rotatex rotatey rotatez rotate3d skew skewx skewy perspective
  cubic-bezier steps linear linear-gradient radial-gradient conic-gradient repeating-linear-gradient
  repeating-radial-gradient repeating-conic-gradient
  blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia
  circle ellipse polygon inset path xywh rect shape ray
  format tech local minmax repeat fit-content`.split(/\s+/),
)

/** At-rules that hold rules or declarations of their own. None of them loads anything. */
const AT_RULES = new Set(['media', 'supports', 'layer', 'keyframes', '-webkit-keyframes', 'font-face'])

/** Properties by which old browsers ran programs. */
const PROGRAMS = /behaviou?r|binding/i

/** Nodes of a value that are what they look like. Anything that could not be read is of none of these types. */
const PLAIN = new Set(
  `Value Identifier Number Percentage Dimension String Hash Operator Parentheses WhiteSpace UnicodeRange Ratio
  Brackets`.split(/\s+/),
)

const OPTIONS: ParseOptions = { parseCustomProperty: true, parseRulePrelude: true, parseAtrulePrelude: true }

/** A plain style attribute, which nothing can be hidden in: by far the most are. */
const PLAIN_STYLE = /^[\w\s:;.,#%!+'"-]*$/

/**
 * A style sheet without whatever could load or run something: at-rules but the harmless ones, rules and declarations that
 * are not wholly understood, addresses but those inside the drawing, and everything that is written with escapes.
 */
export function cleanStyleSheet(text: string): string {
  const sheet = parseAs(text, 'stylesheet')
  return sheet?.type === 'StyleSheet' ? written(cleanAll(sheet.children)) : ''
}

/** The same for the declarations of a `style` attribute. */
export function cleanStyle(text: string): string {
  if (PLAIN_STYLE.test(text) && !PROGRAMS.test(text)) return text.trim()
  const list = parseAs(text, 'declarationList')
  if (list?.type !== 'DeclarationList') return ''
  return list.children
    .toArray()
    .filter((node) => node.type === 'Declaration' && isHarmless(node))
    .map((node) => generate(node))
    .join(';')
}

/** Whether a value, of an attribute that says how something looks, loads nothing. */
export function isHarmlessValue(text: string): boolean {
  const value = parseAs(text, 'value')
  return value?.type === 'Value' && isHarmless(value)
}

function parseAs(text: string, context: string): CssNode | undefined {
  try {
    return parse(text, { ...OPTIONS, context })
  } catch (error) {
    // What cannot be read is left out, as browsers leave it out.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function cleanAll(nodes: List<CssNode>): CssNode[] {
  return nodes.toArray().flatMap((node) => cleanNode(node) ?? [])
}

/** One rule, at-rule or declaration; nothing where it is not to be kept. */
function cleanNode(node: CssNode): CssNode | undefined {
  switch (node.type) {
    case 'Declaration':
      return isHarmless(node) ? node : undefined
    case 'Rule':
      return isSelector(node.prelude) ? withBlock(node) : undefined
    case 'Atrule':
      return AT_RULES.has(node.name.toLowerCase()) && isSelector(node.prelude) ? withBlock(node) : undefined
    default:
      return undefined
  }
}

function withBlock<T extends Extract<CssNode, { type: 'Rule' | 'Atrule' }>>(node: T): T | undefined {
  if (node.block === null) return undefined
  const children = new List<CssNode>().fromArray(cleanAll(node.block.children))
  return { ...node, block: { ...node.block, children } }
}

/** Whether what stands before a block names elements or conditions in plain letters. */
function isSelector(prelude: CssNode | null): boolean {
  if (prelude === null) return true
  if (prelude.type === 'Raw') return false
  const text = generate(prelude)
  return !/[\\;{}@]/.test(text) && !/url\(/i.test(text)
}

function isHarmless(node: CssNode): boolean {
  if (node.type === 'Declaration' && PROGRAMS.test(node.property)) return false
  if (generate(node).includes('\\')) return false
  let isHarmless = true
  const isFont = node.type === 'Declaration' && node.property.toLowerCase() === 'src'
  walk(node, (part) => {
    isHarmless &&= part === node || isHarmlessPart(part, isFont)
  })
  return isHarmless
}

function isHarmlessPart(part: CssNode, isFont: boolean): boolean {
  if (part.type === 'Url') {
    return isWithin(part.value) || (isFont ? isInlineFont(part.value) : isInlinePicture(part.value))
  }
  if (part.type === 'Function') return FUNCTIONS.has(part.name.toLowerCase())
  return PLAIN.has(part.type)
}

function written(nodes: readonly CssNode[]): string {
  return nodes.map((node) => generate(node)).join('\n')
}
