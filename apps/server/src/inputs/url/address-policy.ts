import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Every global unicast address that IANA has handed out lies here (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Azure's WireServer: a public address by its number, yet the cloud's own metadata service from inside a VM. */
const AZURE_WIRE_SERVER = '168.63.129.16';

/**
 * Whether an IP address belongs to the public internet. Everything that is not plainly global unicast is refused:
 * also what is not an address at all, and IPv6 forms that carry an IPv4 address within (mapped, compatible, NAT64,
 * 6to4, Teredo, ISATAP), for a gateway may turn them into any private address.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js also reads forms such as "127.1" and "fe80::1%eth0"; a resolved address has neither.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6) return parsed.match(GLOBAL_UNICAST) && !isIsatap(parsed);
  return address !== AZURE_WIRE_SERVER;
}

/** RFC 5214, section 6.1: the lower half is 0000:5efe or 0200:5efe, then the IPv4 address. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4] === 0 || parts[4] === 0x0200) && parts[5] === 0x5efe;
}
