/** What the services of compose.yaml say that only a running engine could try: what it must be, and why. */

type Line = readonly [is: unknown, why: string]

const healthy = { condition: 'service_healthy' }

export const ofAll: Readonly<Record<string, Line>> = {
  restart: ['unless-stopped', 'neither a crash nor a machine that starts anew is the end of it'],
}

const signet: Readonly<Record<string, Line>> = {
  build: ['.', 'what runs is what is here'],
  tmpfs: [['/data'], 'its image makes a volume of /data, and every new container would leave an empty one'],
  depends_on: [{ postgres: healthy }, 'it does not start without its database'],
  stop_grace_period: ['12s', 'SHUTDOWN_GRACE is 8, and a container that is killed has lost requests'],
}

export const lines: Readonly<Record<string, Readonly<Record<string, Line>>>> = {
  gateway: {
    environment: [
      { SITE_ADDRESS: '${SITE_ADDRESS:-:8080}', PUBLIC_PATHS: '${PUBLIC_PATHS:-nothing}' },
      'it listens where PUBLIC_URL says, and shows nobody anything who is not logged in',
    ],
    volumes: [
      ['./deploy/caddy/Caddyfile:/etc/caddy/Caddyfile:ro', 'caddy-data:/data', 'caddy-config:/config'],
      'certificates outlive the container, as there are only so many a week; its root is read-only',
    ],
    networks: [['signet', 'apps'], 'it reaches Signet and the applications, and nobody both but it'],
    dns_opt: [['timeout:1', 'attempts:5'], 'Caddy would ask again after 5 seconds, and a request would have failed'],
    ports: [
      ['127.0.0.1:${GATEWAY_PORT:-8080}:${GATEWAY_PORT:-8080}'],
      'there is no TLS before there is a name, so it is for this machine alone',
    ],
    depends_on: [{ 'signet-1': healthy, 'signet-2': healthy }, 'its first request finds somebody'],
    healthcheck: [
      { test: ['CMD', 'nc', '-z', '127.0.0.1', '${GATEWAY_PORT:-8080}'], interval: '10s', timeout: '5s', retries: 3 },
      'its port is the one that is published, and its image has no curl',
    ],
  },
  'signet-1': signet,
  'signet-2': signet,
  postgres: {
    user: ['postgres', 'without it the image begins as root, which could not become another: it has no capability'],
    stop_signal: ['SIGINT', 'after SIGTERM it waits for connections to end, until it is killed'],
    environment: [
      {
        POSTGRES_USER: 'signet',
        POSTGRES_DB: 'signet',
        LANG: 'C.UTF-8',
        POSTGRES_PASSWORD_FILE: '/run/secrets/postgres-password',
      },
      'a new database is Unicode, and its order of texts is one that no update of the image changes',
    ],
    volumes: [['postgres-data:/var/lib/postgresql/data'], 'elsewhere the data would be gone with the container'],
    tmpfs: [['/tmp', '/var/run/postgresql'], 'its root is read-only, and its socket is there'],
    healthcheck: [
      {
        test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', 'signet', '-d', 'signet'],
        interval: '5s',
        timeout: '5s',
        start_period: '30s',
        retries: 5,
      },
      'over TCP: the server of the first set-up has a socket only, and is about to stop',
    ],
    stop_grace_period: ['30s', 'a large database writes for some time before it ends'],
  },
  app: {
    command: [['--port', '8080'], 'the Caddyfile looks for it there; below 1024 it would need a capability'],
    user: ['65534:65534', 'nobody: its image says nothing, so it would be root'],
    networks: [['apps'], 'neither Signet nor its database can be reached from it'],
  },
}
