import type { Mutant } from './mutant.ts'

const cookies = [
  'test/http/cookies-logout.test.ts',
  'test/http/cookies.test.ts',
  'test/http/cookies-read.test.ts',
  'test/http/cookies-origin.test.ts',
]

/** The end of a session, and of all of a user. */
export const mutants: readonly Mutant[] = [
  {
    name: 'logging out everywhere leaves the cookies',
    file: 'routes/logout.ts',
    find: '      if (!saysBearer(request.headers.authorization)) app.tokenCookies.clear(reply)\n',
    replace: '      void saysBearer\n',
    tests: cookies,
  },
  {
    name: 'a logout with tokens of two sessions ends one of them',
    file: 'routes/logout.ts',
    find: 'if (!areCookies && others.some(',
    replace: 'if (areCookies && others.some(',
    tests: ['test/http/unneeded-bodies.test.ts'],
  },
  {
    name: 'a broken cookie cannot be got rid of',
    file: 'routes/logout.ts',
    find: '        if (isByCookie && isNoTokenOfOurs(error)) app.tokenCookies.clear(reply) // it is no use, and no script could remove it\n',
    replace: '        void isNoTokenOfOurs\n',
    tests: [...cookies, 'test/http/uncertain.test.ts'],
  },
  {
    name: 'a token in the body and one in a cookie: the body counts',
    file: 'routes/logout.ts',
    find: '      onlyOne(inBody, refresh ?? access)\n',
    replace: '      void onlyOne\n',
    tests: cookies,
  },
  {
    name: '/logout/all of a bearer token takes the cookies of the page',
    file: 'routes/logout.ts',
    find: 'if (!saysBearer(request.headers.authorization)) app.tokenCookies',
    replace: 'app.tokenCookies',
    tests: [...cookies, 'test/http/uncertain.test.ts'],
  },
  {
    name: 'who must add a second factor cannot log out everywhere',
    file: 'routes/logout.ts',
    find: 'onRequest: [app.authenticateToEnrol],',
    replace: 'onRequest: [app.authenticate],',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'cookies go before the session has ended',
    file: 'routes/logout.ts',
    find: '      try {\n        await app.sessions.logOut(',
    replace: '      if (isByCookie) app.tokenCookies.clear(reply)\n      try {\n        await app.sessions.logOut(',
    tests: ['test/http/cookies-logout.test.ts', 'test/http/uncertain.test.ts'],
  },
  {
    name: 'a logout everywhere is answered before it happened',
    file: 'routes/logout.ts',
    find: 'const sessionsEnded = await app.sessions.logOutAll(request.claims.sub, request.client)',
    replace:
      'const sessionsEnded = 1\n      app.sessions.logOutAll(request.claims.sub, request.client).catch(() => {})',
    tests: ['test/http/uncertain.test.ts', 'test/sessions/ended.test.ts'],
  },
  {
    name: 'a logout with nothing is none',
    file: 'routes/logout.ts',
    find: "    if (presented.length === 0) throw new SignetError('missing_token', 'no token was presented')\n",
    replace: '',
    tests: ['test/http/unneeded-bodies.test.ts', 'test/http/bearer.test.ts'],
  },
  {
    name: 'a browser with cookies of two sessions cannot log out',
    file: 'routes/logout.ts',
    find: 'if (!areCookies && others.some(',
    replace: 'if (others.some(',
    tests: ['test/http/cookies-logout.test.ts'],
  },
  {
    name: 'of the cookies of two sessions the one that ends soon is taken for the logout',
    file: 'routes/logout.ts',
    find: 'findBearerToken(authorization), refresh, access]',
    replace: 'findBearerToken(authorization), access, refresh]',
    tests: ['test/http/cookies-logout.test.ts'],
  },
  {
    name: 'in an outage a logout with a bearer token says it is done',
    file: 'routes/logout.ts',
    find: 'await app.sessions.logOut(authenticOf(presented, isByCookie), request.client)',
    replace:
      'await app.sessions.logOut(authenticOf(presented, isByCookie), request.client).catch(error => isByCookie ? Promise.reject(error) : undefined)',
    tests: ['test/http/uncertain.test.ts'],
  },
  {
    name: 'in an outage ending a session says it is done',
    file: 'routes/sessions.ts',
    find: 'await app.sessions.end(request.claims.sub, request.params.id, request.client)',
    replace:
      'await app.sessions.end(request.claims.sub, request.params.id, request.client).catch(error => error.status === 404 ? Promise.reject(error) : undefined)',
    tests: ['test/http/uncertain.test.ts'],
  },
  {
    name: 'in an outage logging out everywhere says it is done',
    file: 'routes/logout.ts',
    find: 'await app.sessions.logOutAll(request.claims.sub, request.client)',
    replace: 'await app.sessions.logOutAll(request.claims.sub, request.client).catch(() => 0)',
    tests: ['test/http/uncertain.test.ts'],
  },
  {
    name: 'in an outage /revoke says it is done',
    file: 'routes/revoke.ts',
    find: 'if (token) await app.sessions.logOut(token, request.client)',
    replace: 'if (token) await app.sessions.logOut(token, request.client).catch(() => {})',
    tests: ['test/http/uncertain.test.ts'],
  },
]
