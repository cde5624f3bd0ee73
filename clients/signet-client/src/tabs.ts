import type { SignetEvent } from './types.ts'

/** What tabs tell each other: no token, and nothing that must arrive. */
export interface News {
  readonly type: SignetEvent['type']
  /** Bearer mode: the session it is about. */
  readonly sid?: string | undefined
  /** Of a login or a refresh: how long the new access token is good, in milliseconds. */
  readonly lifetime?: number | undefined
}

/**
 * @param hear is told what other tabs of this origin tell
 * @param comeBack is called when the page was away (hidden, asleep, in the back/forward cache) and may have missed something
 * @returns what tells the others
 */
export function openTabs(name: string, hear: (news: News) => void, comeBack: () => void): (news: News) => void {
  const page = globalThis.document as Document | undefined
  if (page) {
    page.addEventListener('visibilitychange', () => page.hidden || comeBack())
    addEventListener('pageshow', comeBack)
    // In bearer mode this is what is stored; here it has arrived, which cannot be said when a message comes.
    addEventListener('storage', event => event.key === name && comeBack())
  }

  if (!globalThis.BroadcastChannel) return () => {}
  const channel: BroadcastChannel & { unref?(): void } = new BroadcastChannel(name)
  channel.onmessage = ({ data }) => hear(data)
  channel.unref?.() // Node would not end for it
  return news => channel.postMessage(news)
}
