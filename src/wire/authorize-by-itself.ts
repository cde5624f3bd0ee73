/**
 * A plugin of Swagger UI that makes the practice flow comfortable: tokens that an operation returns authorize at once,
 * and the newest authorization is the only one (Swagger UI would keep both schemes and let the form's token win, even
 * over a token pasted later). The form asks for its token where the document says.
 *
 * It runs in the browser: swagger-ui sends the text of this function, so it must not use anything outside itself.
 */
export function authorizeByItself() {
  return {
    statePlugins: {
      auth: { wrapActions: { authorize: replacing, authorizeOauth2: replacing, authorizeRequest: resolving } },
      spec: { wrapActions: { setResponse: authorizing } },
    },
  }

  function replacing(original: Action, { authActions }: SwaggerUi): Action {
    return authorization => {
      authActions.restoreAuthorization({ authorized: {} })
      original(authorization)
    }
  }

  /** A relative token URL starts at the document (OpenAPI 3.1 section 4.6); Swagger UI would start at the host. */
  function resolving(original: Action, { specSelectors }: SwaggerUi): Action {
    return request => {
      const { url, ...others } = request as { url: string }
      return original({ ...others, url: new URL(url, specSelectors.url()).href })
    }
  }

  function authorizing(original: Action, { authActions }: SwaggerUi): Action {
    return (path, method, response) => {
      original(path, method, response)
      const { ok, obj } = response as ResponseOfSwaggerUi
      if (!ok || typeof obj?.access_token !== 'string') return
      const schema = { type: 'http', scheme: 'bearer' }
      authActions.authorizeWithPersistOption({ bearerAuth: { name: 'bearerAuth', schema, value: obj.access_token } })
    }
  }
}

/** What is used here of the system that Swagger UI gives to its plugins. */
interface SwaggerUi {
  readonly authActions: Record<'restoreAuthorization' | 'authorizeWithPersistOption', Action>
  readonly specSelectors: { url(): string }
}
type Action = (...given: unknown[]) => void

interface ResponseOfSwaggerUi {
  readonly ok?: boolean
  readonly obj?: { readonly access_token?: unknown }
}
