/** What a page of somebody else does with the client that was generated for it: compiled with `schema.ts` beside it. */
import createClient from 'openapi-fetch'
import type { components, paths } from './schema.ts'

type Code = components['schemas']['Problem']['code']

/** @returns what each call answered, in a word */
export async function story(baseUrl: string): Promise<Record<string, unknown>> {
  const anybody = createClient<paths>({ baseUrl })
  const tokensOf = (data: object | undefined) => {
    const { access_token: access, refresh_token: refresh } = data as components['schemas']['TokenResponse']
    return { refresh, client: createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${access}` } }) }
  }

  const login = await anybody.POST('/login', { body: { username: 'thirdy', password: 'demo123' } })
  const first = tokensOf(login.data)
  const me = await first.client.GET('/me')
  const name: string | undefined = me.data?.username

  const refreshed = await anybody.POST('/refresh', { body: { refresh_token: first.refresh } })
  const verdict = refreshed.response.headers.get('signet-refresh')
  const { client, refresh } = tokensOf(refreshed.data)

  const sessions = await client.GET('/sessions', { params: { query: { limit: '10' } } })
  const current: boolean | undefined = sessions.data?.sessions[0]?.current
  const users = await client.GET('/users', { params: { query: { q: 'mar' } } })
  const names = users.data?.users.map(user => user.username)
  const created = await client.POST('/users', { body: { username: 'ana', password: 'a long sentence of hers' } })
  const path = { id: created.data?.user_id ?? '' }
  const changed = await client.PATCH('/users/{id}', { params: { path }, body: { role: 'editor' } })
  const deleted = await client.DELETE('/users/{id}', { params: { path } })

  const wrong = await anybody.POST('/login', { body: { username: 'thirdy', password: 'wrong' } })
  const stranger = await anybody.GET('/me')
  const missing: Code | undefined = stranger.error?.code
  const gone = await client.GET('/users/{id}', { params: { path } })
  const confused = await anybody.POST('/refresh', { body: { refresh_token: 'eyJ' } })

  const byCookie = await anybody.POST('/refresh') // a body is for those without cookies
  const logout = await client.POST('/logout')
  const again = await anybody.POST('/logout', { body: { refresh_token: refresh } })
  const over = await client.GET('/me')

  return {
    ...{ name, verdict, current, names, role: changed.data?.role, deleted: deleted.response.status },
    ...{ wrong: codeOf(wrong.error), missing, gone: gone.error?.code, confused: confused.error?.code },
    ...{
      byCookie: byCookie.error?.code,
      logout: [logout.response.status, again.response.status],
      over: over.error?.code,
    },
  }
}

/** A route that takes forms may answer with either kind of error. */
function codeOf(error: components['schemas']['Problem' | 'OAuthError'] | undefined): string | undefined {
  return error && 'code' in error ? error.code : error?.error
}

/** Never called: what must not compile. */
export async function mistakes(): Promise<void> {
  const client = createClient<paths>({ baseUrl: '' })
  // @ts-expect-error a login needs a body
  await client.POST('/login')
  // @ts-expect-error and in it a password
  await client.POST('/login', { body: { username: 'thirdy' } })
  // @ts-expect-error there is no such path
  await client.GET('/nowhere')
  const { data, error } = await client.GET('/me')
  // @ts-expect-error no error has this code
  if (error?.code === 'nonsense') return
  // @ts-expect-error nobody has a colour
  data?.colour
}
