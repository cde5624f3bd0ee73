/** Caddy with deploy/caddy, asking /verify by `forward_auth`. */
import t from 'tap'
import { failsClosed, keepsItsPromises, limitsEachClient } from './gateway.contract.ts'

t.test('Caddy keeps the promises of a gateway', t => keepsItsPromises(t, 'caddy'))
t.test('behind Caddy each client has a limit of its own', t => limitsEachClient(t, 'caddy'))
t.test('Caddy fails closed when Signet is away, and sees that a session was ended', t => failsClosed(t, 'caddy'))
