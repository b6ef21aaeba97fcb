/** A piece of XML that is already escaped. */
export interface Xml {
  readonly xml: string
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** One element with text or further elements in it. */
export function element(name: string, content: string | number | boolean | Xml | readonly Xml[]): Xml {
  return { xml: `<${name}>${inner(content)}</${name}>` }
}

/** A whole document of S3's, its root in S3's namespace. */
export function xmlDocument(root: string, content: readonly Xml[] | string): string {
  return `${DECLARATION}<${root} xmlns="${NAMESPACE}">${inner(content)}</${root}>`
}

/** A document in no namespace: an error, or the answer to a form. */
export function bareDocument(
  root: 'Error' | 'PostResponse',
  fields: Readonly<Record<string, string>>,
): string {
  const children = Object.entries(fields).map(([name, value]) => element(name, value))
  return DECLARATION + element(root, children).xml
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

function inner(content: string | number | boolean | Xml | readonly Xml[]): string {
  if (typeof content === 'object')
    return 'xml' in content ? content.xml : content.map(({ xml }) => xml).join('')
  return escape(String(content))
}

/** Control characters become references, as AWS writes them: a line break would not survive a parser otherwise. */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[&<>"\x00-\x1f\x7f]/g, (char) => ESCAPES[char] ?? `&#${char.charCodeAt(0)};`)
}
