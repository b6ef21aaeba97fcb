/** What a promise is rejected with, watched from now on; throws when it is fulfilled. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`Did not fail but gave ${JSON.stringify(value)?.slice(0, 200)}`)
}
