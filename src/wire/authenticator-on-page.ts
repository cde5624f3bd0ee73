/**
 * A plugin of Swagger UI: an authenticator app for practice. Under an answer with a new TOTP secret it shows the QR code, the
 * code of now and the next one (RFC 6238), so that nobody needs a phone to see a login in two steps.
 *
 * It runs in the browser: swagger-ui sends the text of this function, so it must not use anything outside itself.
 */
export function authenticatorOnPage() {
  return { wrapComponents: { responseBody: withApp } }

  function withApp(Original: unknown, { React }: SwaggerUi) {
    const element = React.createElement

    return (props: { readonly content?: unknown }) => {
      const begun = secretIn(props.content)
      return element('div', null, element(Original, props), begun && element(App, begun))
    }

    function App({ secret, qr }: Begun) {
      const [codes, setCodes] = React.useState<readonly string[]>([])
      React.useEffect(() => {
        const show = async () => setCodes(await codesOf(secret))
        show()
        const timer = setInterval(show, 1000)
        return () => clearInterval(timer)
      }, [secret])
      const src = `data:image/svg+xml,${encodeURIComponent(qr)}`
      const image = element('img', { src, alt: 'QR code for an authenticator app', width: 180, height: 180 })
      const [now = '', next = ''] = codes
      const text = element(
        'p',
        { role: 'status' },
        'Code now: ',
        element('b', null, now),
        ', next: ',
        element('b', null, next),
      )
      return element('div', { className: 'authenticator' }, image, text)
    }
  }

  function secretIn(content: unknown): Begun | undefined {
    try {
      const { secret, uri, qr } = JSON.parse(String(content))
      return String(uri).startsWith('otpauth://totp/') && crypto.subtle ? { secret, qr } : undefined
    } catch {
      return undefined // it is no JSON
    }
  }

  /** The codes of this time step and of the next. */
  async function codesOf(secret: string): Promise<string[]> {
    const bits = [...secret].map(letter =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    )
    const bytes = Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], byte => Number.parseInt(byte, 2))
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
    const step = Math.floor((performance.timeOrigin + performance.now()) / 30_000) // by the clock of the browser
    return Promise.all([step, step + 1].map(code))

    async function code(counter: number): Promise<string> {
      const message = new DataView(new ArrayBuffer(8))
      message.setUint32(4, counter)
      const mac = new DataView(await crypto.subtle.sign('HMAC', key, message))
      const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fff_ffff
      return String(number % 1_000_000).padStart(6, '0')
    }
  }
}

interface Begun {
  readonly secret: string
  readonly qr: string
}

/** What is used here of the system that Swagger UI gives to its plugins. */
interface SwaggerUi {
  readonly React: {
    createElement(type: unknown, props: object | null, ...children: unknown[]): unknown
    useState<T>(first: T): [T, (next: T) => void]
    useEffect(effect: () => () => void, on: readonly unknown[]): void
  }
}
