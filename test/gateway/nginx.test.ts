/** nginx with deploy/nginx, asking /verify by `auth_request`. */
import t from 'tap'
import { costsNoMoreThanItsLength } from './cost.contract.ts'
import {
  failsClosed,
  keepsItsPromises,
  keepsSignetUnderAPath,
  limitsEachClient,
  refusesTooManyHeaders,
} from './gateway.contract.ts'
import { tellsNoLies } from './identity.contract.ts'
import { asksWhoKnows, sendsAgain } from './lost-answers.contract.ts'
import { readsPathsAsApplicationsDo } from './paths.contract.ts'
import { letsPreflightsThrough } from './preflight.contract.ts'
import { publicPaths, showsPublicPaths } from './public.contract.ts'
import { setUp } from './setup.ts'

const [setup, underPath, withPage] = await Promise.all([
  setUp(t, 'nginx'),
  setUp(t, 'nginx', { LOGIN_LIMIT_PER_IP: '2' }, { path: '/auth' }),
  setUp(t, 'nginx', {}, { publicPaths: publicPaths.others }),
])
if (setup) {
  await t.test('nginx keeps the promises of a gateway', t => keepsItsPromises(t, setup))
  await t.test('behind nginx nobody makes up who they are', t => tellsNoLies(t, setup))
  await t.test('nginx protects what the application reads', t => readsPathsAsApplicationsDo(t, setup))
  await t.test('nginx lets preflights through', t => letsPreflightsThrough(t, setup))
  await t.test('more headers than Signet takes are refused by nginx', t => refusesTooManyHeaders(t, setup))
  await t.test('no request costs nginx much', t => costsNoMoreThanItsLength(t, setup))
  await t.test('nginx asks the other instance when an answer was lost', t => sendsAgain(t, setup))
  await t.test('nginx asks the other instance when one cannot know', t => asksWhoKnows(t, setup))
  await t.test('nginx fails closed when Signet is away, and sees that a session was ended', t => failsClosed(t, setup))
}

if (underPath) {
  await t.test('behind nginx each client has a limit of its own', t => limitsEachClient(t, underPath))
  await t.test('nginx keeps Signet under a path', t => keepsSignetUnderAPath(t, underPath))
}

if (withPage) await t.test('nginx shows everybody what is public, and nothing more', t => showsPublicPaths(t, withPage))
