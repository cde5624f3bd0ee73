/** The services that may introspect (RFC 7662 section 2.1): they prove themselves by HTTP Basic (RFC 6749 section 2.3.1). */
import { createHash, timingSafeEqual } from 'node:crypto'
import { SignetError } from '../base/errors.ts'

export interface ResourceServers {
  /**
   * @returns the id of the service that asks
   * @throws {SignetError} `invalid_client`
   */
  authenticate(authorization: string | undefined): string
}

/** @param secrets id → secret */
export function createResourceServers(secrets: ReadonlyMap<string, string>): ResourceServers {
  const digests = new Map([...secrets].map(([id, secret]) => [id, digest(secret)]))
  const nobody = digest('')

  function isRight(id: string, secret: string): boolean {
    // Digests have one length, so the comparison takes one time, for an unknown id too.
    return timingSafeEqual(digest(secret), digests.get(id) ?? nobody) && digests.has(id)
  }

  return {
    authenticate(authorization) {
      const [id = '', secret = ''] = basicCredentials(authorization)
      // RFC 6749 has both form-encoded before they are joined; many clients send them as they are.
      for (const read of [formDecoded, asIs]) if (isRight(read(id), read(secret))) return read(id)
      throw new SignetError('invalid_client', 'introspection by a client that is not known')
    },
  }
}

function basicCredentials(authorization = ''): string[] {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? []
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? [] : [text.slice(0, at), text.slice(at + 1)]
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

const asIs = (text: string) => text

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
