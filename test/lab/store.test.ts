/** The state of the lab's page without the page, and so without a server that answers. */
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/places.ts'

interface Store {
  readonly state: { readonly isBusy: boolean; readonly trouble?: string }
  subscribe(listener: (state: Store['state']) => void): void
  restart(): Promise<void>
  setView(view: 'both'): Promise<void>
}

/** By its path: the types that it needs are those of a browser. */
const { createStore } = (await import(join(root, 'lab', 'model', 'store.ts'))) as { createStore(): Store }

t.test('what is clicked meanwhile waits for its turn, and gets it when the one before has failed', async t => {
  const store = createStore()
  const turns: boolean[] = []
  store.subscribe(({ isBusy }) => {
    if (isBusy !== turns.at(-1)) turns.push(isBusy)
  })
  await Promise.all([store.restart(), store.setView('both'), store.restart()])
  t.strictSame(turns, [false, true, false, true, false, true, false])
  t.match(store.state.trouble, 'The server does not answer')
})
