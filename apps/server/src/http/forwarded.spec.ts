import type { IncomingMessage } from 'node:http';
import { Forwarded } from './forwarded';

const from = (remoteAddress: string | undefined, forwardedFor?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } }) as unknown as IncomingMessage;
const PROXY = '10.0.0.9';

it.each([
  ['an address', '192.0.2.1', '192.0.2.1'],
  ['with a port', '192.0.2.1:50123', '192.0.2.1'],
  ['with a port that is a name', '192.0.2.1:_x', '192.0.2.1'],
  ['in quotes', '"192.0.2.1:50123"', '192.0.2.1'],
  ['IPv6', '2001:db8::1', '2001:db8::1'],
  ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
  ['IPv6 with a port', '[2001:db8::1]:50123', '2001:db8::1'],
  ['IPv6 in quotes', '"[2001:DB8::1]:50123"', '2001:DB8::1'],
  ['IPv6 with a zone', 'fe80::1%eth0', 'fe80::1'],
  ['IPv6 with a zone and a port', '[fe80::1%25eth0]:80', 'fe80::1'],
  ['IPv4 as IPv6 names it', '::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['space around it', '198.51.100.7,   192.0.2.1:80 ', '192.0.2.1'],
  ['no address', 'unknown', PROXY],
  ['a made-up name', '_gazonk', PROXY],
  ['a number', '7', PROXY],
  ['a number in hex', '0x7f.1', PROXY],
  ['half an address', '192.0.2', PROXY],
  ['brackets around nothing', '[]:80', PROXY],
  ['an address that goes on and on', `192.0.2.1:${'9'.repeat(10_000)}`, '192.0.2.1'],
  ['text without an end', 'x'.repeat(100_000), PROXY],
  ['nothing', '', PROXY],
])('the outermost proxy of ours says %s', (_, said, address) => {
  expect(new Forwarded(1).addressOf(from(PROXY, said))).toBe(address);
});

it('without proxies of ours, it is the connection’s address, whatever the client says', () => {
  expect(new Forwarded(0).addressOf(from('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1');
  expect(new Forwarded(0).addressOf(from('fe80::1%eth0'))).toBe('fe80::1');
  expect(new Forwarded(0).addressOf(from(undefined))).toBe('');
});

it('of several proxies, the one nearest to a text that is no address stands for it', () => {
  expect(new Forwarded(2).addressOf(from(PROXY, '192.0.2.1, 10.0.0.8'))).toBe('192.0.2.1');
  expect(new Forwarded(2).addressOf(from(PROXY, 'unknown, 10.0.0.8:1234'))).toBe('10.0.0.8');
  expect(new Forwarded(2).addressOf(from(PROXY, 'unknown, unknown'))).toBe(PROXY);
});
