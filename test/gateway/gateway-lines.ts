/** What the configurations say of machines that are away, slow or many, which no test can be: what it must be, and why. */
import type { GatewayName } from '../helpers/gateways.ts'

const slow = 'a slow application is "not now" as well, and nobody keeps that'

export const lines: Readonly<Record<GatewayName, readonly (readonly [lines: string, why: string])[]>> = {
  nginx: [
    ['proxy_connect_timeout 2s;', 'a machine that does not answer costs a request 2 seconds, not a minute'],
    [
      'server signet-1:3000 max_fails=1 fail_timeout=2s;\nserver signet-2:3000 max_fails=1 fail_timeout=2s;\nkeepalive 32;',
      'an instance that is gone is left alone for as long as a start takes; /verify needs no connection for each request',
    ],
    [
      'server signet-1:3000 max_fails=0;\nserver signet-2:3000 max_fails=0;\n}',
      'a 503 may mean "too many logins"; connections are not kept, as an instance that stops closes them',
    ],
    ['proxy_set_header Connection close;', 'and says so'],
    ['proxy_http_version 1.1;', 'with 1.0 no connection is kept'],
    ['proxy_pass_request_body off;\nproxy_set_header Content-Length "";', '/verify is asked without the body'],
    ['error_page 500 502 504 =503 @away;', slow],
  ],
  caddy: [
    ['admin off', 'a port for commands is one for whoever runs anything else on this machine'],
    ['health_uri /health/ready\nhealth_interval 500ms\nhealth_timeout 3s', 'a busy instance is slow, not gone'],
    [
      'lb_policy least_conn\nlb_try_duration 2s\nlb_try_interval 100ms',
      'the other instance is tried, soon and for long',
    ],
    ['(app) {\nlb_try_duration 2s\nlb_try_interval 100ms', 'so is an application that starts anew'],
    ['request_body {\nmax_size 1KB\n}', 'a body that must be empty is read until that is known, and not much further'],
    ['@away expression `{http.error.status_code} in [502, 503, 504]`', slow],
  ],
  haproxy: [
    ['timeout connect 2s', 'a machine that does not answer costs a request 2 seconds'],
    ['timeout client 30s\ntimeout server 30s', 'whoever falls silent holds no connection for long'],
    ['timeout http-request 10s', 'so does whoever sends a header in small pieces'],
    ['timeout http-keep-alive 60s', 'and whoever asks for nothing'],
    ['timeout check 3s', 'a busy instance is slow, not gone'],
    ['http-request set-header X-Forwarded-Proto https if { ssl_fc }', 'applications make their cookies secure by it'],
  ],
}
