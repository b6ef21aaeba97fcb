import { S3Error } from '../s3-error.ts'
import { ALGORITHM, type Claim, invalidToken, oldSignature, parseCredential } from './claim.ts'

/** Who the policy of a form says it is from. Nothing of it is verified yet. */
export interface FormClaim extends Pick<Claim, 'accessKey' | 'scope' | 'signature'> {
  /** As it came, in base64: these very characters are what is signed. */
  readonly policy: string
}

/** Reads the claim from the fields of a form; throws when there is none or a part of it is missing. */
export function parseFormClaim(fields: ReadonlyMap<string, string>): FormClaim {
  if (fields.has('x-amz-security-token')) throw invalidToken()
  if (fields.has('awsaccesskeyid') || (fields.has('signature') && !fields.has('x-amz-signature'))) {
    throw oldSignature()
  }
  if (!fields.has('policy') && !fields.has('x-amz-signature')) {
    throw new S3Error('AccessDenied', 'Anonymous access is not allowed.')
  }
  const policy = required(fields, 'policy')
  const signature = required(fields, 'x-amz-signature')
  if (required(fields, 'x-amz-algorithm') !== ALGORITHM) {
    throw new S3Error('InvalidArgument', `X-Amz-Algorithm only supports "${ALGORITHM}".`, {
      ArgumentName: 'x-amz-algorithm',
    })
  }
  const credential = parseCredential(required(fields, 'x-amz-credential'), 'InvalidArgument')
  const date = required(fields, 'x-amz-date')
  if (!/^\d{8}T\d{6}Z$/.test(date) || !date.startsWith(credential.scope.day)) {
    throw new S3Error(
      'InvalidArgument',
      'X-Amz-Date must be yyyymmddThhmmssZ, of the same day as the credential.',
      { ArgumentName: 'x-amz-date' },
    )
  }
  return { ...credential, policy, signature }
}

function required(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name)
  if (value !== undefined && value !== '') return value
  throw new S3Error(
    'InvalidArgument',
    `Bucket POST must contain a field named '${name}'. If it is specified, please check the order of the fields.`,
    { ArgumentName: name },
  )
}
