/** Sets of addresses, as a configuration names them: addresses, CIDRs, and the groups that have a name. */
import { BlockList, isIP } from 'node:net'
import { readAddress } from './address.ts'

const groups: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Whether this is an address, a CIDR that is not everything, or the name of a group. */
export function isAddressRange(text: string): boolean {
  return Object.hasOwn(groups, text) || readRange(text) !== undefined
}

/**
 * @param ranges each one that `isAddressRange` takes
 * @returns whether an address (as `readAddress` gives it) is in one of them; what is no address is in none
 */
export function createAddressRanges(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false
  // Two lists: in one, Node would find IPv4 addresses in every IPv6 range that holds the IPv4-mapped ones.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const text of ranges.flatMap(one => groups[one] ?? one)) {
    const range = readRange(text)
    if (range) lists[range.family].addSubnet(range.address, range.prefix, range.family)
  }
  return address => {
    const family = familyOf(address)
    return isIP(address) !== 0 && lists[family].check(address, family)
  }
}

function readRange(text: string) {
  const [given = '', length, ...rest] = text.split('/')
  if (isIP(given) === 0 || rest.length > 0 || !/^[1-9]\d{0,2}$/.test(length ?? '1')) return undefined
  const address = readAddress(given) ?? given
  const [family, bits] = [familyOf(address), bitsOf(address)]
  // The prefix of an IPv4-mapped range counts the 96 bits that go.
  const prefix = length === undefined ? bits : Number(length) - (bitsOf(given) - bits)
  return prefix >= 1 && prefix <= bits ? { address, prefix, family } : undefined
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

function bitsOf(address: string): number {
  return address.includes(':') ? 128 : 32
}
