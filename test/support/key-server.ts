import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A key pair of somebody who issues tokens. */
export async function createIssuerKey(alg: 'RS256' | 'ES256' | 'EdDSA', kid: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return {
    publicJwk,
    /** A token of these claims, of user `ana` for the audience `halftone` unless they say otherwise. */
    sign: (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      new SignJWT({ sub: 'ana', aud: 'halftone', iss: 'https://id.test', exp: inSeconds(60), ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .sign(privateKey),
  }
}

/** So many seconds from now, as a claim. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

/** A server of public keys on a free port, which counts how often it is asked. */
export async function startKeyServer(keys: readonly JWK[]) {
  const state = { keys: [...keys], status: 200, body: undefined as string | undefined, asked: 0 }
  const server = createServer((_, response) => {
    state.asked += 1
    response.writeHead(state.status, { 'content-type': 'application/json' })
    response.end(state.body ?? JSON.stringify({ keys: state.keys }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    state,
    url: `http://127.0.0.1:${port}/jwks.json`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
