import { z } from 'zod'

const policyDocument = z.looseObject({
  Version: z.string().default('2012-10-17'),
  Statement: z.union([z.array(z.looseObject({})), z.looseObject({}).transform((one) => [one])]).default([]),
})

interface Statement {
  readonly Sid: string
  readonly [name: string]: unknown
}

/** Denies everybody, whoever they are, every request without TLS. */
export function tlsOnly(bucket: string): Statement {
  return {
    Sid: 'HalftoneTlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
}

/** A policy document with a statement in it, in the place of the one of that name; everything else stays. */
export function withStatement(policy: string | undefined, statement: Statement): string {
  const document = policyDocument.parse(policy === undefined ? {} : JSON.parse(policy))
  if (document.Statement.some((entry) => JSON.stringify(entry) === JSON.stringify(statement))) {
    // As it is, to the letter: there is nothing to write.
    return policy ?? ''
  }
  const others = document.Statement.filter(({ Sid }) => Sid !== statement.Sid)
  return JSON.stringify({ ...document, Statement: [...others, statement] })
}
