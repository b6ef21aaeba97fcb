import {
  allowOnly,
  children,
  type Element,
  malformedXml,
  plainText,
  text,
  texts,
  toElement,
} from '../body/read-document.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'

/** Which pages of other origins may send what, and what they get to see. */
export interface CorsRule {
  readonly id: string | undefined
  /** Each with at most one `*`. */
  readonly allowedOrigins: readonly string[]
  readonly allowedMethods: readonly string[]
  /** Each with at most one `*`; compared without regard to case. */
  readonly allowedHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeSeconds: number | undefined
}

/** S3's limits of a configuration. */
export const MAX_CORS_BYTES = 64 * 1024
const MAX_RULES = 100

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])
const RULE = ['ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader', 'MaxAgeSeconds']

/** Reads a `CORSConfiguration`; throws S3's refusal for what does not fit its schema. */
export function parseCors(document: Element): CorsRule[] {
  allowOnly(document, ['CORSRule'])
  const rules = children(document, 'CORSRule').map((value) => parseRule(toElement(value)))
  if (rules.length === 0) throw malformedXml()
  if (rules.length > MAX_RULES) throw invalid(`The number of CORS rules should not exceed ${MAX_RULES}.`)
  return rules
}

/** The configuration as a document, as it is stored and answered. */
export function formatCors(rules: readonly CorsRule[]): string {
  return xmlDocument(
    'CORSConfiguration',
    rules.map((rule) =>
      element('CORSRule', [
        ...optional('ID', rule.id),
        ...list('AllowedMethod', rule.allowedMethods),
        ...list('AllowedOrigin', rule.allowedOrigins),
        ...list('AllowedHeader', rule.allowedHeaders),
        ...list('ExposeHeader', rule.exposeHeaders),
        ...optional('MaxAgeSeconds', rule.maxAgeSeconds),
      ]),
    ),
  )
}

function parseRule(rule: Element): CorsRule {
  allowOnly(rule, RULE)
  const id = plainText(rule, 'ID')
  if (id !== undefined && id.length > 255) throw invalid('ID length should not exceed allowed limit of 255')
  const allowedMethods = texts(rule, 'AllowedMethod')
  const allowedOrigins = texts(rule, 'AllowedOrigin')
  const allowedHeaders = texts(rule, 'AllowedHeader')
  const exposeHeaders = texts(rule, 'ExposeHeader')
  if (allowedMethods.length === 0 || allowedOrigins.length === 0) throw malformedXml()
  for (const method of allowedMethods) checkMethod(method)
  for (const origin of allowedOrigins) checkPattern('AllowedOrigin', origin)
  for (const header of allowedHeaders) checkPattern('AllowedHeader', header)
  for (const header of exposeHeaders) checkExposed(header)
  const maxAgeSeconds = parseSeconds(text(rule, 'MaxAgeSeconds'))
  return { id, allowedMethods, allowedOrigins, allowedHeaders, exposeHeaders, maxAgeSeconds }
}

function checkMethod(method: string): void {
  if (METHODS.has(method)) return
  throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`)
}

function checkPattern(name: string, pattern: string): void {
  if (pattern.split('*').length > 2)
    throw invalid(`${name} "${pattern}" can not have more than one wildcard.`)
  if (!/^[\x21-\x7e]+$/.test(pattern)) throw invalid(`${name} "${pattern}" must be visible ASCII characters.`)
}

/** It goes out in a header of ours, so it must be a header's name and nothing else (RFC 9110 §5.1). */
function checkExposed(header: string): void {
  if (header.includes('*')) {
    throw invalid(
      `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    )
  }
  if (!/^[!#$%&'+.^_`|~\w-]+$/.test(header)) throw invalid(`ExposeHeader "${header}" is not a header's name.`)
}

function parseSeconds(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw malformedXml()
}

function optional(name: string, value: string | number | undefined): Xml[] {
  return value === undefined ? [] : [element(name, value)]
}

function list(name: string, values: readonly string[]): Xml[] {
  return values.map((value) => element(name, value))
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', message)
}
