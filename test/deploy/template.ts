import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import { z } from 'zod'

const record = z.record(z.string(), z.unknown())
type Fields = z.infer<typeof record>

const template = z.object({
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() })),
  Conditions: record.default({}),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Condition: z.string().optional(), Properties: record.default({}) }),
  ),
})

const ACCOUNT = { 'AWS::AccountId': '123456789012', 'AWS::Region': 'eu-central-1', 'AWS::StackName': 'shop' }

/** What `AWS::NoValue` leaves behind. */
const NOTHING = Symbol('nothing')

/** A template of CloudFormation, its functions worked out for these parameters. */
export class Template {
  readonly #template: z.infer<typeof template>
  readonly #parameters: Fields

  constructor(file: string, parameters: Fields = {}) {
    const text = readFileSync(join('deploy/cloudformation', file), 'utf8')
    this.#template = template.parse(valueOf(parseDocument(text, { logLevel: 'silent' }).contents))
    const defaults = Object.entries(this.#template.Parameters).map(([name, { Default, Type }]) => [
      name,
      Type === 'CommaDelimitedList' && typeof Default === 'string' ? [Default] : (Default ?? `a-${name}`),
    ])
    this.#parameters = { ...ACCOUNT, ...Object.fromEntries(defaults), ...parameters }
  }

  /** The resource's properties; `undefined` where its condition does not hold. */
  find(name: string): Fields | undefined {
    const found = this.#template.Resources[name]
    if (found === undefined) throw new Error(`There is no ${name}`)
    if (found.Condition !== undefined && !this.#holds(found.Condition)) return undefined
    return record.parse(this.#resolve(found.Properties))
  }

  /** The properties of all resources of a type. */
  all(type: string): Fields[] {
    return Object.entries(this.#template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([name]) => this.find(name))
      .filter((found) => found !== undefined)
  }

  #holds(condition: string): boolean {
    return this.#resolve(this.#template.Conditions[condition]) === true
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value))
      return value.map((each) => this.#resolve(each)).filter((each) => each !== NOTHING)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    const [[name, argument] = ['', undefined]] = entries
    const work = FUNCTIONS[name]
    if (work !== undefined && entries.length === 1) return work.call(this, argument)
    const resolved = entries.map(([key, each]) => [key, this.#resolve(each)] as const)
    return Object.fromEntries(resolved.filter(([, each]) => each !== NOTHING))
  }

  ref(name: string): unknown {
    if (name === 'AWS::NoValue') return NOTHING
    return name in this.#parameters ? this.#parameters[name] : name
  }

  sub(text: string): string {
    return text.replaceAll(/\$\{([\w:.]+)\}/g, (_, name: string) => String(this.ref(name)))
  }

  choose([condition, yes, no]: readonly unknown[]): unknown {
    return this.#resolve(this.#holds(String(condition)) ? yes : no)
  }

  values(list: readonly unknown[]): unknown[] {
    return list.map((each) => this.#resolve(each))
  }
}

const listOf = (argument: unknown) => z.array(z.unknown()).parse(argument)

const FUNCTIONS: Readonly<Record<string, (this: Template, argument: unknown) => unknown>> = {
  Ref(name) {
    return this.ref(String(name))
  },
  GetAtt: (name) => String(name),
  Sub(text) {
    return this.sub(String(text))
  },
  If(argument) {
    return this.choose(listOf(argument))
  },
  Equals(argument) {
    const [one, other] = this.values(listOf(argument))
    return one === other
  },
  Not(argument) {
    return this.values(listOf(argument))[0] !== true
  },
  And(argument) {
    return this.values(listOf(argument)).every((each) => each === true)
  },
}

/** A node as a value; `!Ref x` becomes `{ Ref: 'x' }`. */
function valueOf(node: unknown): unknown {
  if (!isNode(node)) return node
  const value = isSeq(node)
    ? node.items.map(valueOf)
    : isMap(node)
      ? Object.fromEntries(node.items.map(({ key, value }) => [String(valueOf(key)), valueOf(value)]))
      : isScalar(node)
        ? node.value
        : undefined
  return node.tag?.startsWith('!') ? { [node.tag.slice(1)]: value } : value
}
