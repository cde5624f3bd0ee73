import { createSignet } from '/signet-client/index.js'

const signet = createSignet({ url: '/', mode: 'cookie' })
const find = id => document.getElementById(id)
let asked = 0

submits('login', ({ username, password }) => signet.login(username, password))
find('logout').onclick = () => attempt(() => signet.logout())
submits('new', async ({ text }) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await signet.fetch('/api/notes', { method: 'POST', headers, body: JSON.stringify({ text }) })
  if (!answer.ok) throw new Error((await answer.json()).detail)
  await list()
})

signet.subscribe(({ type }) => type === 'refreshed' || show()) // a login or logout of another tab, too
await attempt(() => signet.me()) // after a reload only Signet knows whose cookies these are
await show()

/** Who is not logged in sees the login, and what was typed into the page stays. */
async function show() {
  find('login').hidden = signet.user !== null
  find('notes').hidden = signet.user === null
  find('who').textContent = signet.user?.username ?? ''
  if (signet.user) await attempt(list)
}

async function list() {
  const turn = ++asked
  const answer = await signet.fetch('/api/notes')
  if (!answer.ok) return
  const items = (await answer.json()).map(text => Object.assign(document.createElement('li'), { textContent: text }))
  if (turn !== asked) return // there is a later answer
  find('notes')
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
