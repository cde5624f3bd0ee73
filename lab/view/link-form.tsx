/** What a link of a mail leads to where there is no application yet: the two things that it can be for. */
import { useState } from 'preact/hooks'

/** @param token of a mail that the service itself has sent, not one of the lab's instances */
export function LinkForm({ token }: { token: string }) {
  const [password, setPassword] = useState('')
  const [said, say] = useState('')

  async function send(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify({ token, ...body }) }).catch(
      () => undefined,
    )
    const problem = answer?.ok ? undefined : await answer?.json().catch(() => undefined)
    say(
      answer?.ok
        ? `POST /${path} answered ${answer.status}: done.`
        : (problem?.detail ?? 'The service did not answer.'),
    )
  }

  return (
    <section class="intro" aria-label="The link of a mail">
      <h2>You followed the link of a mail</h2>
      <p>
        It holds a token that works once. In an application this would be its own page; here you say what the mail was
        for.
      </p>
      <p>
        <label>
          Password{' '}
          <input
            type="password"
            autocomplete="new-password"
            value={password}
            onInput={event => setPassword(event.currentTarget.value)}
          />
        </label>
      </p>
      <p class="choices">
        <button
          type="button"
          class="next"
          disabled={password === ''}
          onClick={() => send('password/reset', { new_password: password })}
        >
          Set this password
        </button>
        <button type="button" class="next" onClick={() => send('email/verify', password ? { password } : {})}>
          Prove the address
        </button>
      </p>
      <p role="status">{said}</p>
    </section>
  )
}
