import { SaxesParser, type SaxesTagNS } from 'saxes'
import { GatewayError } from '../errors.ts'
import { cleanAttribute } from './clean-attribute.ts'
import { cleanStyleSheet } from './clean-css.ts'
import { ANIMATIONS, SVG_NAMESPACE, XLINK_NAMESPACE, XML_NAMESPACE } from './vocabulary.ts'

/** What a drawing may cost at most. */
export interface DrawingLimits {
  readonly maxElements: number
  readonly maxAttributes: number
  readonly maxDepth: number
}

/** An element as it is read: of the tree of SVG alone, with values that load nothing. */
export interface DrawnElement {
  readonly name: string
  readonly attributes: readonly DrawnAttribute[]
  readonly children: (DrawnElement | string)[]
}

export interface DrawnAttribute {
  /** Empty for an attribute without a prefix. */
  readonly namespace: string
  /** With the usual prefix of its namespace. */
  readonly name: string
  readonly value: string
}

/**
 * Reads markup by the rules of XML, strictly: what is not well formed is refused, as browsers refuse it. Comments,
 * instructions, document types and everything of other namespaces are left out, CDATA is text like any other, and
 * prefixes do not matter.
 */
export function buildTree(markup: string, limits: DrawingLimits): DrawnElement {
  const parser = new SaxesParser({ xmlns: true, position: false })
  const tree = new Tree(limits)
  parser.on('error', (cause) => {
    throw new GatewayError('source_broken', `The SVG is not well formed: ${cause.message.slice(0, 200)}`, {
      cause,
    })
  })
  parser.on('doctype', refuseEntities)
  parser.on('opentag', (tag) => tree.open(tag))
  parser.on('text', (text) => tree.write(text))
  parser.on('cdata', (text) => tree.write(text))
  parser.on('closetag', () => tree.close())
  parser.write(markup).close()
  return tree.root
}

class Tree {
  readonly #limits: DrawingLimits
  /** The way from the root to the element that is being read; `undefined` for one that is left out. */
  readonly #open: (DrawnElement | undefined)[] = []
  #root: DrawnElement | undefined
  #elements = 0
  #attributes = 0

  constructor(limits: DrawingLimits) {
    this.#limits = limits
  }

  get root(): DrawnElement {
    if (this.#root !== undefined) return this.#root
    throw new GatewayError('source_not_a_picture', 'The source is no SVG: it has no root element')
  }

  open(tag: SaxesTagNS): void {
    this.#count(tag)
    const isRoot = this.#open.length === 0
    if (isRoot) assertSvg(tag)
    const parent = this.#open.at(-1)
    const element = isRoot || parent !== undefined ? toElement(tag) : undefined
    if (isRoot) this.#root = element
    if (element !== undefined) parent?.children.push(element)
    this.#open.push(element)
  }

  write(text: string): void {
    this.#open.at(-1)?.children.push(text)
  }

  close(): void {
    const element = this.#open.pop()
    if (element?.name !== 'style') return
    const text = element.children.filter((child) => typeof child === 'string').join('')
    element.children.splice(0, Infinity, cleanStyleSheet(text))
  }

  #count({ attributes }: SaxesTagNS): void {
    const { maxElements, maxAttributes, maxDepth } = this.#limits
    this.#elements += 1
    this.#attributes += Object.keys(attributes).length
    if (this.#elements > maxElements) throw tooMuch(`more than ${maxElements} elements`)
    if (this.#attributes > maxAttributes) throw tooMuch(`more than ${maxAttributes} attributes`)
    if (this.#open.length >= maxDepth) throw tooMuch(`elements more than ${maxDepth} deep`)
  }
}

/** An element of SVG, without what its attributes must not say; `undefined` where it is to be left out. */
function toElement({ uri, local, attributes }: SaxesTagNS): DrawnElement | undefined {
  if (uri !== SVG_NAMESPACE) return undefined
  const kept = Object.values(attributes).flatMap((attribute) => toAttribute(local, attribute) ?? [])
  // Without a name it would change whatever it likes.
  if (
    ANIMATIONS.has(local) &&
    local !== 'animateMotion' &&
    !kept.some(({ name }) => name === 'attributeName')
  ) {
    return undefined
  }
  return { name: local, attributes: kept, children: [] }
}

/** Namespaces that attributes can be of, with their prefixes; XML has no others for those without. */
const PREFIXES: Readonly<Record<string, string>> = {
  '': '',
  [XLINK_NAMESPACE]: 'xlink:',
  [XML_NAMESPACE]: 'xml:',
}

function toAttribute(
  element: string,
  { uri, local, value }: { readonly uri: string; readonly local: string; readonly value: string },
): DrawnAttribute | undefined {
  const prefix = PREFIXES[uri]
  if (prefix === undefined) return undefined
  const name = `${prefix}${local}`
  const cleaned = cleanAttribute(element, name, value)
  return cleaned === undefined ? undefined : { namespace: uri, name, value: cleaned }
}

function assertSvg({ uri, local }: SaxesTagNS): void {
  if (uri === SVG_NAMESPACE && local === 'svg') return
  const found = uri === '' ? `<${local}> of no namespace` : `<${local}> of ${uri.slice(0, 100)}`
  throw new GatewayError('source_not_a_picture', `The source is no SVG: its root element is ${found}`)
}

/** Entities can be bombs and can name files; nothing that draws needs them. */
function refuseEntities(doctype: string): void {
  if (!doctype.includes('<!ENTITY')) return
  throw new GatewayError(
    'source_not_a_picture',
    'The SVG declares entities, which are never followed; save it without them ("Plain SVG")',
  )
}

function tooMuch(what: string): GatewayError {
  return new GatewayError('source_too_large', `The SVG has ${what}`)
}
