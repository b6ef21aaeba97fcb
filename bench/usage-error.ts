/** Raised for what the command line asks for and nobody can do; its message is for who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
