/** Caddy with deploy/caddy, asking /verify by `forward_auth`. */
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
import { readsPathsAsApplicationsDo } from './paths.contract.ts'
import { letsPreflightsThrough } from './preflight.contract.ts'
import { publicPaths, showsPublicPaths } from './public.contract.ts'
import { setUp } from './setup.ts'

const [setup, underPath, withPage] = await Promise.all([
  setUp(t, 'caddy'),
  setUp(t, 'caddy', { LOGIN_LIMIT_PER_IP: '2' }, { path: '/auth' }),
  setUp(t, 'caddy', {}, { publicPaths: publicPaths.caddy }),
])
if (setup) {
  await t.test('Caddy keeps the promises of a gateway', t => keepsItsPromises(t, setup))
  await t.test('behind Caddy nobody makes up who they are', t => tellsNoLies(t, setup))
  await t.test('Caddy protects what the application reads', t => readsPathsAsApplicationsDo(t, setup))
  await t.test('Caddy lets preflights through', t => letsPreflightsThrough(t, setup))
  await t.test('more headers than Signet takes are refused by Caddy', t => refusesTooManyHeaders(t, setup))
  await t.test('no request costs Caddy much', t => costsNoMoreThanItsLength(t, setup))
  await t.test('Caddy fails closed when Signet is away, and sees that a session was ended', t => failsClosed(t, setup))
}

if (underPath) {
  await t.test('behind Caddy each client has a limit of its own', t => limitsEachClient(t, underPath))
  await t.test('Caddy keeps Signet under a path', t => keepsSignetUnderAPath(t, underPath))
}

if (withPage) await t.test('Caddy shows everybody what is public, and nothing more', t => showsPublicPaths(t, withPage))
