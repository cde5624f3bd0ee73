/**
 * A plugin of Swagger UI: a button for each token in an answer, which copies it. To mark 400 characters of JSON by hand is
 * no part of what is to be learnt.
 *
 * It runs in the browser: swagger-ui sends the text of this function, so it must not use anything outside itself.
 */
export function copyTokens() {
  return { wrapComponents: { responseBody: withButtons } }

  function withButtons(Original: unknown, { React }: SwaggerUi) {
    return (props: { readonly content?: unknown }) => {
      const body = React.createElement(Original, props)
      const { clipboard } = navigator // over plain http, and not on localhost, there is none
      const buttons = clipboard ? tokensIn(props.content).map(([name, token]) => button(name, token)) : []
      return React.createElement('div', null, body, ...buttons)
    }

    function button(name: string, token: string): unknown {
      const onClick = async ({ currentTarget }: { currentTarget: { textContent: string } }) => {
        await navigator.clipboard?.writeText(token)
        currentTarget.textContent = 'Copied'
      }
      return React.createElement('button', { key: token, type: 'button', className: 'btn', onClick }, `Copy ${name}`)
    }
  }

  function tokensIn(content: unknown): [string, string][] {
    try {
      const { access_token, refresh_token } = JSON.parse(String(content))
      return Object.entries({ 'access token': access_token, 'refresh token': refresh_token }).filter(
        (one): one is [string, string] => typeof one[1] === 'string',
      )
    } catch {
      return [] // it is no JSON
    }
  }
}

/** What is used here of the system that Swagger UI gives to its plugins, and of the browser. */
interface SwaggerUi {
  readonly React: { createElement(type: unknown, props: object | null, ...children: unknown[]): unknown }
}
declare const navigator: { readonly clipboard?: { writeText(text: string): Promise<void> } }
