import createDOMPurify, { type Config } from 'dompurify'
import { type DomNode, type DomWindow, JSDOM } from 'jsdom'
import type { DrawnElement } from './build-tree.ts'
import { ATTRIBUTES, ELEMENTS, SVG_NAMESPACE, XLINK_NAMESPACE } from './vocabulary.ts'

const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'

/** Elements and attributes by our lists alone, as XML writes them; all else, with what is inside of it, goes. */
const CONFIG: Config = {
  IN_PLACE: true,
  NAMESPACE: SVG_NAMESPACE,
  ALLOWED_NAMESPACES: [SVG_NAMESPACE],
  PARSER_MEDIA_TYPE: 'application/xhtml+xml',
  ALLOWED_TAGS: [...ELEMENTS, '#text'],
  ALLOWED_ATTR: [...ATTRIBUTES, 'xmlns:xlink'],
  ADD_DATA_URI_TAGS: ['feImage'],
  ALLOW_DATA_ATTR: false,
  KEEP_CONTENT: false,
  // There are no scripts for names to get in the way of, and without its names a drawing falls apart.
  SANITIZE_DOM: false,
}

/** Takes out of a tree what DOMPurify does not know as harmless, and writes the rest as XML. */
export type Purify = (tree: DrawnElement) => string

/** A purifier with a window of its own, in which nothing runs and nothing is loaded. It takes a while to make one. */
export function createPurify(): Purify {
  const { window } = new JSDOM(`<svg xmlns="${SVG_NAMESPACE}"/>`, { contentType: 'image/svg+xml' })
  const purifier = createDOMPurify(window)
  const serializer = new window.XMLSerializer()
  return function purify(tree) {
    const root = toNode(window, tree)
    root.setAttributeNS(XMLNS_NAMESPACE, 'xmlns:xlink', XLINK_NAMESPACE)
    purifier.sanitize(root, CONFIG)
    // It remembers all that it has removed.
    purifier.removed = []
    return serializer.serializeToString(root)
  }
}

function toNode(window: DomWindow, { name, attributes, children }: DrawnElement): DomNode {
  const node = window.document.createElementNS(SVG_NAMESPACE, name)
  for (const { namespace, name, value } of attributes) {
    if (namespace === '') node.setAttribute(name, value)
    else node.setAttributeNS(namespace, name, value)
  }
  node.append(...children.map((child) => (typeof child === 'string' ? child : toNode(window, child))))
  return node
}
