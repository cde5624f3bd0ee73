/** nginx with deploy/nginx, asking /verify by `auth_request`. */
import t from 'tap'
import { failsClosed, keepsItsPromises, limitsEachClient } from './gateway.contract.ts'

t.test('nginx keeps the promises of a gateway', t => keepsItsPromises(t, 'nginx'))
t.test('behind nginx each client has a limit of its own', t => limitsEachClient(t, 'nginx'))
t.test('nginx fails closed when Signet is away, and sees that a session was ended', t => failsClosed(t, 'nginx'))
