import type { SignetStorage } from '../src/types.ts'

const keys = ['access_token', 'refresh_token']
const headers = { 'content-type': 'application/json' }

/** What people write, for comparison: one refresh at a time, and whatever goes wrong with it is a logout. */
export function plainClient(url: string, storage: SignetStorage, onLogout: () => void, send: typeof fetch) {
  let refreshing: Promise<void> | undefined
  async function refresh() {
    const body = JSON.stringify({ refresh_token: storage.get('refresh_token') })
    const response = await send(`${url}/refresh`, { method: 'POST', headers, body })
    if (!response.ok) throw new Error('refresh failed')
    const tokens = await response.json()
    for (const key of keys) storage.set(key, tokens[key])
  }
  return async function fetchAsUser(path: string): Promise<Response | undefined> {
    const get = () => send(url + path, { headers: { authorization: `Bearer ${storage.get('access_token')}` } })
    const response = await get()
    if (response.status !== 401) return response
    refreshing ??= refresh()
    const failure = await refreshing.catch(error => error)
    refreshing = undefined
    if (!failure) return get()
    for (const key of keys) storage.remove(key)
    onLogout()
  }
}
