/**
 * The tour, as data: each step asks what will happen, lets it happen (`acts`, in the words of acts.ts), and says what was
 * seen. A step with `setup` begins anew; the others go on where the one before ended.
 */
export interface Step {
  /** Names the step in the URL. */
  readonly id: string
  readonly title: string
  readonly text: string
  readonly question: string
  readonly guesses: readonly string[]
  /** Which guess is right. */
  readonly right: number
  readonly acts: readonly string[]
  readonly after: string
  readonly setup?: readonly string[]
  /** Under both sets of rules, side by side. */
  readonly both?: boolean
  /** What lies open afterwards, instead of what happened last. */
  readonly look?: 'access token' | 'refresh' | 'mail'
}

export const steps: readonly Step[] = [
  {
    id: 'login',
    title: 'Log in',
    text: 'Tab A sends a name and a password, once. From then on it shows tokens instead.',
    question: 'What does it get back?',
    guesses: ['One token', 'Two tokens', 'Nothing: the server remembers the tab'],
    right: 1,
    setup: [],
    acts: ['a login'],
    after:
      'Two tokens. The access token (A0) opens things and lives 15 minutes. The refresh token (R0) gets new tokens and lives 7 days. The server keeps one row about this session in its database, and neither of the tokens.',
  },
  {
    id: 'read',
    title: 'Look into a token',
    text: 'The access token is a long line of letters. It looks as if it were encrypted.',
    question: 'Who can read what it says?',
    guesses: ['Only the server', 'Only tab A', 'Whoever holds it'],
    right: 2,
    acts: [],
    look: 'access token',
    after:
      'Whoever holds it: this page has no key, and shows you what it says. A token is signed, not encrypted. The signature keeps it from being changed, not from being read. So no password or the like stands in it. But whoever holds a token can use it: keep it.',
  },
  {
    id: 'me',
    title: 'Use the access token',
    text: 'Tab A asks /me who it is, and shows the access token.',
    question: 'Where does the server look for the answer?',
    guesses: ['In its database', 'In the token', 'It asks for the password again'],
    right: 1,
    acts: ['a me'],
    after:
      'In the token. The signature is right and the time is not over, so the server believes it. It reads no row of its database; it only looks whether the session is on a short list, in memory, of those that were ended. That is fast. It is also why this token must be short-lived: it works for whoever holds it.',
  },
  {
    id: 'wrong',
    title: 'The wrong token',
    text: 'The refresh token is signed too, and lives much longer.',
    question: 'Tab A shows the refresh token to /me. What happens?',
    guesses: ['It works: same user, same session', 'It is refused'],
    right: 1,
    acts: ['a wrong'],
    after:
      'It is refused: 401 Access token required. A refresh token is for one thing only, getting new tokens. That is why there are two: one that is shown everywhere and ends soon, and one that lives long and goes to one place, seldom.',
  },
  {
    id: 'tamper',
    title: 'One character',
    text: 'Suppose tab A would like to be somebody else, and changes one character of its access token.',
    question: 'What does the server say?',
    guesses: ['It takes the changed token', 'It refuses the token', 'It repairs the token'],
    right: 1,
    acts: ['a tamper'],
    after:
      'It refuses: 401 Invalid token. The signature was made of every character before it, with a key that only the server has. It no longer fits.',
  },
  {
    id: 'expire',
    title: 'Fifteen minutes later',
    text: 'The bar of the access token runs down. Then tab A asks /me once more.',
    question: 'Must the user type the password again?',
    guesses: ['Yes', 'No, the refresh token helps', 'No, the access token still works'],
    right: 1,
    acts: ['time expiry', 'a me', 'a refresh', 'a me'],
    look: 'refresh',
    after:
      'The refresh token helps. First 401 Token expired, then one refresh: both tokens are replaced. The new ones are of generation 1, in another colour, and R0 is used up. The user has noticed nothing. (Had A0 not run out, it would go on working: a refresh ends no access token.)',
  },
  {
    id: 'race',
    title: 'Two tabs at once',
    text: 'Two tabs of one browser hold the same tokens. The access token has run out, and both refresh at the same moment. Calm is how Signet comes; strict takes every used refresh token for stolen.',
    question: 'Who is logged out?',
    guesses: ['Nobody, under both', 'Calm: nobody. Strict: both tabs', 'Both tabs, under both'],
    right: 1,
    both: true,
    setup: ['a login', 'b open', 'time expiry'],
    acts: ['b race', 'a me', 'b me'],
    look: 'refresh',
    after:
      'Calm: nobody. The second request came within 30 seconds, so it got the same successor, R1. Strict: the second request showed a used token, so the session ended, and with it the new tokens of the first. A strict server cannot tell a second tab from a thief.',
  },
  {
    id: 'lost',
    title: 'A lost answer',
    text: 'Tab A refreshes on a train. The server answers, and a tunnel swallows the answer. A minute later tab A tries again, with the only refresh token it has.',
    question: 'Does the second try work?',
    guesses: ['Yes, under both', 'Calm: yes. Strict: no', 'No, under both'],
    right: 1,
    both: true,
    setup: ['a login', 'time expiry'],
    acts: ['a lose', 'time 60', 'a refresh', 'a me'],
    look: 'refresh',
    after:
      'Calm: yes. R0 was used, but nobody ever used its successor, so the server gives it again and counts: that is forgiven twice in 24 hours. Strict: R0 was used, so the session ends. Logged out by a tunnel.',
  },
  {
    id: 'logout',
    title: 'Log out',
    text: 'Two services take the access token of tab A. One asks Signet about it each time (/verify). The other checks the signature by itself.',
    question: 'Tab A logs out. Who still lets the old access token in?',
    guesses: ['Nobody', 'The service that asks', 'The service that checks by itself'],
    right: 2,
    setup: ['a login'],
    acts: ['a services', 'a logout', 'a services'],
    after:
      'The one that checks by itself. The signature is right and the time is not over, and nobody told it of the logout. The service that asks knows at once.',
  },
  {
    id: 'agree',
    title: 'Until the bar runs out',
    text: 'Now one service refuses the token and the other one takes it.',
    question: 'When do the two agree again?',
    guesses: ['When the access token expires', 'When the refresh token expires', 'Never'],
    right: 0,
    acts: ['time 60', 'a services', 'time expiry', 'a services'],
    after:
      'When the access token expires: at most 15 minutes after it was made. Only then does a service that checks by itself notice a logout. The shorter an access token lives, the less that matters.',
  },
  {
    id: 'key',
    title: 'A new key',
    text: 'Tab A and tab B are logged in. The server gets a new key to sign with, and keeps the old one to check what was signed before.',
    question: 'Who is logged out?',
    guesses: ['Everybody', 'Nobody'],
    right: 1,
    setup: ['a login', 'b open'],
    acts: ['secret rotate', 'a me', 'a refresh'],
    look: 'refresh',
    after:
      'Nobody. A token says in kid which key signed it, and the old key still counts. What is signed from now on has the new kid: look at A1.',
  },
  {
    id: 'gone',
    title: 'The old key goes',
    text: 'Tab A has refreshed since, tab B has not. Now the old key is thrown away.',
    question: 'Who is logged out now?',
    guesses: ['Nobody', 'Tab A', 'Tab B'],
    right: 2,
    acts: ['secret forget', 'a me', 'b me', 'b refresh'],
    after:
      'Tab B: nobody can check its signatures any more, those of both tokens. So an old key stays until every refresh token it signed has run out. In an emergency one throws it away at once, and everybody logs in again.',
  },
  {
    id: 'steal',
    title: 'A thief',
    text: 'Somebody copies the tokens of tab A, by a script in the page or a look into a log, and is elsewhere with them.',
    question: 'What can the thief do with the access token?',
    guesses: ['Nothing: it was given to tab A', 'What the user can, until it expires', 'What the user can, for ever'],
    right: 1,
    setup: ['a login'],
    acts: ['thief steal', 'thief me'],
    after:
      'What the user can, until it expires. Whoever bears a token is believed, from whatever address. Nobody has noticed anything, and nobody can: this request looks like one of tab A.',
  },
  {
    id: 'caught',
    title: 'The thief comes late',
    text: 'The access token runs out. Tab A goes on working and refreshes twice. Then the thief tries the stolen refresh token, R0.',
    question: 'What happens?',
    guesses: ['The thief gets new tokens', 'Only the thief is refused', 'The session ends, for both'],
    right: 2,
    acts: ['time expiry', 'a refresh', 'time expiry', 'a refresh', 'thief refresh', 'a me', 'thief me'],
    look: 'refresh',
    after:
      'The session ends, for both. R0 is two generations old; no honest tab should still have it. The server sees that two hold this session, but not which of them is the thief. So both are out. The user can log in again; the thief, who has no password, cannot.',
  },
  {
    id: 'early',
    title: 'The thief comes first',
    text: 'Once more, but now the thief refreshes before tab A does, and both go on for an hour.',
    question: 'When is the thief noticed?',
    guesses: ['At once', 'When tab A and the thief have shown a used token three times', 'Never'],
    right: 1,
    setup: ['a login', 'thief steal'],
    acts: [
      'thief refresh',
      'time 600',
      'a refresh',
      'time 1200',
      'a refresh',
      'time 600',
      'thief refresh',
      'time 1200',
      'a refresh',
      'time 600',
      'thief refresh',
      'a me',
    ],
    look: 'refresh',
    after:
      'At the third. Two late uses a day are forgiven, because they look like lost answers. Strict rules would notice the first; they also log people out for bad networks. No rule notices a thief whose victim never comes back: that ends with a logout everywhere, or 90 days after the login.',
  },
  {
    id: 'forgotten',
    title: 'A forgotten password',
    text: 'A thief has the tokens of tab A. In tab B the user has forgotten the password, asks for a link by mail, and sets a new password with it.',
    question: 'Who is still logged in afterwards?',
    guesses: ['Tab A and the thief', 'Only tab A', 'Nobody'],
    right: 2,
    setup: ['a login', 'thief steal'],
    acts: ['b forgot', 'b reset', 'a me', 'thief refresh', 'b login'],
    look: 'mail',
    after:
      'Nobody: a new password ends every session of the user, so the thief is out too. The mail proved who asked. Asking alone tells nobody who has an account, and changes nothing; the link works once, for 30 minutes. Tab B logs in with the new password.',
  },
  {
    id: 'code',
    title: 'A code counts once',
    text: 'A password can be watched. So the user has added an authenticator app: it shares a secret with the server, and from the time both compute the same six digits, new ones every 30 seconds. Tab B logs in with password and digits.',
    question: 'A thief has watched both, and types them a second later. What happens?',
    guesses: ['The thief is in: both are right', 'The password is refused', 'The code is refused'],
    right: 2,
    setup: ['a login', 'a enrol', 'a confirm', 'time 30'],
    acts: ['b login', 'b code', 'time 1', 'thief watch', 'thief code'],
    after:
      'The code is refused. The password is right, so the thief gets a challenge, and no tokens. But a code counts once, and tab B has used this one. The next one shows on the app alone.',
  },
]

/** The step before it, or itself, that begins anew. */
export function beginningOf(index: number): number {
  const before = steps.slice(0, index + 1).findLastIndex(({ setup }) => setup !== undefined)
  return Math.max(0, before)
}
