import type { Form } from '../body/read-form.ts'
import { checkKeyLength } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'

/** The key that a form asks for, `${filename}` in it replaced by the file's name without its path. */
export function formKey({ fields, fileName }: Pick<Form, 'fields' | 'fileName'>): string {
  const pattern = fields.get('key')
  if (pattern === undefined) {
    throw invalid(
      "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
    )
  }
  const name = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1)
  const key = pattern.replaceAll('${filename}', () => name)
  if (key === '') throw invalid('User key must have a length greater than 0.')
  // A part may claim to be UTF-16, which can say what UTF-8 cannot.
  if (/\p{Surrogate}/u.test(key)) throw invalid('The key is not well-formed.')
  checkKeyLength(key)
  return key
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidArgument', message, { ArgumentName: 'key' })
}
