/** The page at /lab: its address names the step of the tour, and everything else is in the store. */
import { render } from 'preact'
import { createStore } from './model/store.ts'
import { App } from './view/app.tsx'
import { steps } from './words/tour.ts'

const place = 'signet-lab-step'
const lessMotion = matchMedia('(prefers-reduced-motion: reduce)')
const store = createStore(() => (lessMotion.matches ? 0 : 700))

const stepIn = (id: string | null) => {
  const index = steps.findIndex(step => step.id === id)
  return index < 0 ? undefined : index
}

/** Of a mail that was sent by the service; it does not stay in the address. */
const linkToken = /^#token=(.+)$/.exec(location.hash)?.[1]
if (linkToken) history.replaceState(null, '', location.pathname)

let shown: number | undefined
store.subscribe(state => {
  if (state.step !== shown) {
    shown = state.step
    const id = shown === undefined ? '' : `#${steps[shown]?.id}`
    if (location.hash !== id) history.pushState(null, '', `${location.pathname}${id}`)
    if (id !== '') localStorage.setItem(place, id.slice(1))
  }
  render(
    <App state={state} store={store} resume={stepIn(localStorage.getItem(place))} linkToken={linkToken} />,
    document.body,
  )
})

async function follow(): Promise<void> {
  const index = stepIn(location.hash.slice(1))
  if (index === undefined && !store.state.beginning) await store.restart()
  else await store.goTo(index)
}

addEventListener('popstate', follow)
addEventListener('keydown', event => {
  if (event.key === 'Escape') store.close()
})
void follow()
