import { S3Error } from '../s3-error.ts'

/** Which objects of a bucket anyone may read. */
export interface BucketPolicy {
  /** As it was sent: S3 gives it back so. */
  readonly document: string
  readonly resources: readonly PolicyResource[]
}

/** One key, or all keys that begin with a text. */
export interface PolicyResource {
  readonly text: string
  readonly isPrefix: boolean
}

/** S3's limit. */
export const MAX_POLICY_BYTES = 20 * 1024

const VERSIONS: ReadonlySet<unknown> = new Set([undefined, '2012-10-17', '2008-10-17'])
const DOCUMENT = ['Version', 'Id', 'Statement']
const STATEMENT = ['Sid', 'Effect', 'Principal', 'Action', 'Resource']
const ELSEWHERE = ['Condition', 'NotPrincipal', 'NotAction', 'NotResource']

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a bucket's policy. Throws `MalformedPolicy` for what is no policy, and `NotImplemented` for a statement that
 * says anything but that everyone may `s3:GetObject` under a prefix: what is not honoured is not accepted.
 */
export function parsePolicy(document: string, bucket: string): BucketPolicy {
  const policy = parseJson(document)
  allowOnly(policy, DOCUMENT)
  if (!VERSIONS.has(policy['Version'])) throw malformed('Version must be 2012-10-17 or 2008-10-17')
  if (policy['Id'] !== undefined && typeof policy['Id'] !== 'string') throw malformed('Id must be a string')
  const statements = asList(policy['Statement'])
  if (statements.length === 0) throw malformed('Missing required field Statement')
  return { document, resources: statements.flatMap((statement) => parseStatement(statement, bucket)) }
}

/** Whether anyone may read the object of that key. */
export function permitsRead(policy: BucketPolicy | undefined, key: string): boolean {
  return (
    policy?.resources.some(({ text, isPrefix }) => (isPrefix ? key.startsWith(text) : key === text)) === true
  )
}

/** The refusal of a policy, with what is wrong with it. */
export function malformed(reason: string): S3Error {
  return new S3Error('MalformedPolicy', reason)
}

function parseStatement(statement: unknown, bucket: string): PolicyResource[] {
  if (!isFields(statement)) throw malformed('Each Statement must be an object')
  const unknown = ELSEWHERE.find((name) => name in statement)
  if (unknown !== undefined) throw notImplemented(`${unknown} in a statement`)
  allowOnly(statement, STATEMENT)
  const { Sid: sid, Effect: effect, Principal: principal } = statement
  if (sid !== undefined && typeof sid !== 'string') throw malformed('Sid must be a string')
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect must be Allow or Deny')
  if (effect === 'Deny') throw notImplemented('Effect Deny')
  checkPrincipal(principal)
  checkActions(texts('Action', statement['Action']))
  return texts('Resource', statement['Resource']).map((resource) => parseResource(resource, bucket))
}

function checkPrincipal(principal: unknown): void {
  if (principal === undefined) throw malformed('Missing required field Principal')
  if (principal === '*') return
  if (!isFields(principal)) throw malformed('Invalid principal in policy')
  const everyone = asList(principal['AWS'])
  const isEveryone = Object.keys(principal).length === 1 && everyone.length === 1 && everyone[0] === '*'
  if (!isEveryone) throw notImplemented('a Principal other than "*"')
}

function checkActions(actions: readonly string[]): void {
  for (const action of actions) {
    if (!action.startsWith('s3:') && action !== '*') throw malformed('Policy has invalid action')
    if (action !== 's3:GetObject') throw notImplemented(`Action ${action}`)
  }
}

function parseResource(resource: string, bucket: string): PolicyResource {
  const start = `arn:aws:s3:::${bucket}/`
  if (!resource.startsWith(start) || resource === start) {
    throw malformed(`Policy has invalid resource: each must begin with ${start} and name a key or a prefix`)
  }
  const isPrefix = resource.endsWith('*')
  const text = resource.slice(start.length, isPrefix ? -1 : undefined)
  if (/[*?]|\$\{/.test(text)) throw notImplemented('a Resource with wildcards before its end, or variables')
  return { text, isPrefix }
}

function texts(name: string, value: unknown): string[] {
  const list = asList(value)
  if (list.length === 0) throw malformed(`Missing required field ${name}`)
  return list.map((item) => {
    if (typeof item === 'string') return item
    throw malformed(`${name} must be a string or a list of strings`)
  })
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function allowOnly(fields: Fields, names: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !names.includes(name))
  if (unknown !== undefined) throw malformed(`Unknown field ${unknown}`)
}

function parseJson(document: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(document)
  } catch {
    throw malformed('Policies must be valid JSON')
  }
  if (isFields(value)) return value
  throw malformed('Policies must be JSON objects')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notImplemented(what: string): S3Error {
  return new S3Error(
    'NotImplemented',
    `This server honours only policies by which everyone may s3:GetObject under a prefix, not ${what}`,
  )
}
