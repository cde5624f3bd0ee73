/** What podman of Debian 12 (podman-compose 1.0.3, netavark 1.4) leaves undone; newer ones find it done. */
import { readFileSync } from 'node:fs'
import { run } from './engine.ts'

/** It does not read which range a network shall have: makes it, unless it is there. */
export async function makeNetwork(name: string, subnet: string): Promise<void> {
  const exists = await run(['podman', 'network', 'exists', name]).then(
    () => true,
    () => false,
  )
  if (!exists) await run(['podman', 'network', 'create', '--subnet', subnet, name])
}

/**
 * A bridge changes its hardware address when a container comes or goes, and nobody on it finds the DNS for some seconds
 * (https://github.com/containers/netavark/pull/833). An address that was set stays. Whoever is not root cannot set it.
 */
export async function keepBridges(project: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  for (const name of await networksOf(project)) {
    const { output: bridge } = await run(['podman', 'network', 'inspect', name, '--format', '{{.NetworkInterface}}'])
    const address = readFileSync(`/sys/class/net/${bridge.trim()}/address`, 'utf8').trim()
    await run(['ip', 'link', 'set', 'dev', bridge.trim(), 'address', address])
  }
}

/** It leaves them when everything is down. */
export async function removeNetworks(project: string): Promise<void> {
  for (const name of await networksOf(project)) await run(['podman', 'network', 'rm', '-f', name])
}

async function networksOf(project: string): Promise<string[]> {
  const filter = ['--filter', `name=^${project}_`, '--format', '{{.Name}}']
  return (await run(['podman', 'network', 'ls', ...filter])).output.split('\n').filter(Boolean)
}
