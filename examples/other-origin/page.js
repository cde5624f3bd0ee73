import { createSignet } from '/signet-client/index.js'

const { url } = await (await fetch('/settings.json')).json()
const signet = createSignet({ url, mode: 'bearer' })
const find = id => document.getElementById(id)
let asked = 0

submits('login', ({ username, password }) => signet.login(username, password))
find('logout').onclick = () => attempt(() => signet.logout())
submits('new', async ({ what }) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await signet.fetch('/api/orders', { method: 'POST', headers, body: JSON.stringify({ what }) })
  if (!answer.ok) throw new Error((await answer.json()).detail)
  await list()
})

signet.subscribe(({ type }) => type === 'refreshed' || show()) // a login or logout of another tab, too
await show() // who is logged in is known at once: the tokens are in this page's storage

/** Who is not logged in sees the login, and what was typed into the page stays. */
async function show() {
  find('login').hidden = signet.user !== null
  find('orders').hidden = signet.user === null
  find('who').textContent = signet.user?.username ?? ''
  if (signet.user) await attempt(list)
}

async function list() {
  const turn = ++asked
  const answer = await signet.fetch('/api/orders')
  if (!answer.ok) return
  const items = (await answer.json()).map(({ what }) =>
    Object.assign(document.createElement('li'), { textContent: what }),
  )
  if (turn !== asked) return // there is a later answer
  find('orders')
    .querySelector('ul')
    .replaceChildren(...items)
}

function submits(id, act) {
  find(id).onsubmit = async event => {
    event.preventDefault()
    if (await attempt(() => act(Object.fromEntries(new FormData(find(id)))))) find(id).reset()
  }
}

/** @returns whether it went well; otherwise the page says why */
async function attempt(act) {
  find('trouble').textContent = ''
  try {
    await act()
    return true
  } catch (error) {
    find('trouble').textContent = error.message
    return false
  }
}
