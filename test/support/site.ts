import { environmentOf, openOrigin, serve } from './program.ts'
import { startOrigin } from './s3-server.ts'

/** The compiled program on a bucket of its own, both over sockets. */
export async function openSite(environment: Readonly<Record<string, string>>) {
  const origin = await startOrigin()
  const bucket = openOrigin(origin)
  const gateway = await serve({ ...environmentOf(origin), ...environment })
  return {
    bucket,
    gateway,
    /** Ends both in good order; the exit code of the program. */
    close: async (): Promise<number | null> => {
      gateway.kill('SIGTERM')
      const code = await gateway.ended
      bucket.close()
      await origin.stop()
      return code
    },
  }
}

export type Site = Awaited<ReturnType<typeof openSite>>
