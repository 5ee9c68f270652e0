import type * as dns from 'node:dns';
import { once } from 'node:events';
import * as net from 'node:net';
import * as addressPolicy from './address-policy';
import { fetchImage, type UrlFetchOptions } from './fetch-image';

// The real policy, except where a test has it take loopback for public: no test may reach out to the internet.
jest.mock('./address-policy', () => {
  const real = jest.requireActual<typeof addressPolicy>('./address-policy');
  return { isPublicAddress: jest.fn(real.isPublicAddress) };
});
const policy = jest.mocked(addressPolicy.isPublicAddress);
const { isPublicAddress: reallyPublic } = jest.requireActual<typeof addressPolicy>('./address-policy');

const REDIRECT = 'HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n';
const IMAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage';

/** What an attacker wants to reach: listeners on 127.0.0.1 and ::1, same port. They count, and answer from `replies`. */
let listeners: net.Server[];
let port: number;
let connections: number;
let received: Buffer[];
let replies: string[];

function listen(host: string, at: number): Promise<net.Server> {
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received.push(data);
      socket.end(replies.shift() ?? IMAGE);
    });
  });
  server.listen(at, host);
  return once(server, 'listening').then(() => server);
}

beforeAll(async () => {
  const four = await listen('127.0.0.1', 0);
  port = (four.address() as net.AddressInfo).port;
  listeners = [four];
  // A machine may have no IPv6.
  await listen('::1', port).then(
    (six) => listeners.push(six),
    () => undefined,
  );
});

beforeEach(() => {
  connections = 0;
  received = [];
  replies = [];
  policy.mockReset().mockImplementation(reallyPublic);
});

afterAll(() => Promise.all(listeners.map((server) => new Promise((resolve) => server.close(resolve)))));

function fetchIt(url: string, options: Partial<UrlFetchOptions> = {}): Promise<Buffer> {
  return fetchImage(url.replaceAll('PORT', String(port)), {
    ...{
      enabled: true,
      allowedHosts: [],
      maxBytes: { setting: 'MAX_IMAGE_BYTES', value: 1000 },
      timeoutMs: 1000,
      maxRedirects: 3,
    },
    ...options,
  });
}

/** A DNS that gives the first answer to the first question, and so on; the last one again and again. */
function dnsOf(...answers: string[][]) {
  let asked = 0;
  return jest.fn((_host, _options, callback) => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? [];
    process.nextTick(
      callback,
      null,
      answer.map((address) => ({ address, family: net.isIP(address) })),
    );
  }) as unknown as typeof dns.lookup;
}

function treatAsPublic(...addresses: string[]): void {
  policy.mockImplementation((address) => addresses.includes(address) || reallyPublic(address));
}

const refused = { name: 'EyrieError', code: 'URL_NOT_ALLOWED' };

describe('what the tests below rely on', () => {
  it('the listener is reached once its host is allowed', async () => {
    expect(await fetchIt('http://127.0.0.1:PORT/', { allowedHosts: ['127.0.0.1'] })).toEqual(Buffer.from('image'));
    expect(connections).toBe(1);
  });

  it('a listener waits on ::1 too, where the machine has IPv6', async () => {
    if (listeners.length === 1) return;
    await fetchIt('http://[::1]:PORT/', { allowedHosts: ['[::1]'] });
    expect(connections).toBe(1);
  });
});

describe('an evil URL opens no connection', () => {
  it.each([
    // Loopback, and the many ways to write it.
    'http://127.0.0.1:PORT/',
    'http://127.0.0.2:PORT/',
    'http://127.255.255.254:PORT/',
    'http://127.1:PORT/',
    'http://127.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0x7f.0x0.0x0.0x1:PORT/',
    'http://0x7f.1:PORT/',
    'http://017700000001:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://0177.0x0.1:PORT/',
    'http://00000177.0.0.1:PORT/',
    'http://127.0.0.1.:PORT/',
    'http://127.0.0.1..:PORT/',
    'http://127.1.:PORT/',
    'http://%31%32%37.0.0.1:PORT/',
    'http://127%2e0%2e0%2e1:PORT/',
    'http://①②⑦.⓪.⓪.①:PORT/',
    'http://127。0。0。1:PORT/',
    'http://12\t7.0.0.1:PORT/',
    ' http://127.0.0.1:PORT/ ',
    'HTTP://127.0.0.1:PORT/',
    'http:127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT\\',
    'https://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://LOCALHOST:PORT/',
    'http://localhost.:PORT/',
    'http://lo\u00adcalhost:PORT/',
    'https://localhost:PORT/',
    // Unspecified: connects to loopback on Linux.
    'http://0.0.0.0:PORT/',
    'http://0:PORT/',
    'http://0x0:PORT/',
    'http://[::]:PORT/',
    // IPv6 loopback, and IPv4 dressed up as IPv6.
    'http://[::1]:PORT/',
    'http://[0:0:0:0:0:0:0:1]:PORT/',
    'http://[0000::0001]:PORT/',
    'http://[::0.0.0.1]:PORT/',
    'http://[::127.0.0.1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[::ffff:0:127.0.0.1]:PORT/',
    'http://[0:0:0:0:0:FFFF:7F00:0001]:PORT/',
    'http://[64:ff9b::127.0.0.1]:PORT/',
    'http://[64:ff9b:1::7f00:1]:PORT/',
    'http://[2002:7f00:1::]:PORT/',
    'http://[2001:0:7f00:1::]:PORT/',
    'http://[2a00::5efe:7f00:1]:PORT/',
    'http://[fe80::1]:PORT/',
    'http://[fe80::1%25lo]:PORT/',
    'http://[fec0::1]:PORT/',
    'http://[fd00::1]:PORT/',
    'http://[ff02::1]:PORT/',
    // Private networks, metadata services and the rest of what is not the internet.
    'http://10.0.0.1:PORT/',
    'http://172.16.0.1:PORT/',
    'http://192.168.0.1:PORT/',
    'http://100.64.0.1:PORT/',
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://100.100.100.200/latest/meta-data/',
    'http://192.0.0.192/opc/v2/',
    'http://168.63.129.16/machine?comp=goalstate',
    'http://2852039166/latest/meta-data/',
    'http://198.18.0.1:PORT/',
    'http://203.0.113.1:PORT/',
    'http://224.0.0.1:PORT/',
    'http://240.0.0.1:PORT/',
    'http://255.255.255.255:PORT/',
    // Credentials that make one host look like another.
    'http://user:password@127.0.0.1:PORT/',
    'http://example.com@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT@example.com/',
    'http://:secret@example.com/',
    'http://example.com%40@127.0.0.1:PORT/',
    // Other schemes.
    'file:///etc/passwd',
    'file://127.0.0.1/etc/passwd',
    'ftp://127.0.0.1:PORT/',
    'gopher://127.0.0.1:PORT/_GET%20/',
    'ws://127.0.0.1:PORT/',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/info',
    'data:image/png;base64,iVBORw0KGgo=',
    'blob:http://127.0.0.1:PORT/1',
    'javascript:fetch("http://127.0.0.1:PORT/")',
    // No URL at all.
    '',
    'cat.png',
    '/etc/passwd',
    '//127.0.0.1:PORT/',
    '127.0.0.1:PORT',
    'localhost:PORT/',
    'http://',
    'http://127.0.0.1:99999/',
    'http://127.0.0.1%00.example.com:PORT/',
    'http://[127.0.0.1]:PORT/',
    'http://256.0.0.1:PORT/',
    'http://1.2.3.4.5:PORT/',
  ])('%j', async (url) => {
    await expect(fetchIt(url)).rejects.toMatchObject(refused);
    expect(connections).toBe(0);
  });

  it('nor does any URL while the feature is off', async () => {
    const off = { enabled: false, allowedHosts: ['127.0.0.1'] };
    await expect(fetchIt('http://127.0.0.1:PORT/', off)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/URL_IMAGES/),
    });
    expect(connections).toBe(0);
  });

  it('nor does a host that is allowed on another port only', async () => {
    const options = { allowedHosts: [`127.0.0.1:${port + 1}`, `localhost:${port + 1}`] };
    await expect(fetchIt('http://127.0.0.1:PORT/', options)).rejects.toMatchObject(refused);
    await expect(fetchIt('http://localhost:PORT/', options)).rejects.toMatchObject(refused);
    expect(connections).toBe(0);
  });
});

describe('a name that DNS resolves', () => {
  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['fe80::1%lo']],
    [['::ffff:127.0.0.1']],
    [['::ffff:7f00:1']],
    [['::127.0.0.1']],
    [['64:ff9b::7f00:1']],
    [['64:ff9b:1::7f00:1']],
    [['2002:7f00:1::']],
    [['2001:0:7f00:1::']],
    [['127.1']],
    [['localhost']],
    [['127.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '127.0.0.1']],
    [['2606:4700:4700::1111', '8.8.8.8', '9.9.9.9', '::1']],
  ])('to %j is refused, and the address kept secret', async (answer) => {
    const error = await fetchIt('http://evil.test:PORT/', { lookup: dnsOf(answer) }).catch((reason) => reason);
    expect(error).toMatchObject({ ...refused, message: expect.stringMatching(/URL_ALLOWED_HOSTS/) });
    for (const address of answer) expect(error.message).not.toContain(address);
    expect(connections).toBe(0);
  });

  it('to a public address is fetched from the address that was checked, with one question to DNS', async () => {
    treatAsPublic('127.0.0.1');
    const lookup = dnsOf(['127.0.0.1'], ['10.0.0.1']);
    expect(await fetchIt('http://example.test:PORT/', { lookup })).toEqual(Buffer.from('image'));
    expect(lookup).toHaveBeenCalledTimes(1);
    expect(String(received[0])).toContain(`Host: example.test:${port}\r\n`);
  });

  it('to several public addresses is fetched from the one that answers', async () => {
    treatAsPublic('127.0.0.1', '::1');
    const lookup = dnsOf(['::1', '127.0.0.1']);
    expect(await fetchIt('http://example.test:PORT/', { lookup })).toEqual(Buffer.from('image'));
  });

  it('anew to a private address on the next redirect is refused', async () => {
    treatAsPublic('127.0.0.1');
    replies = [REDIRECT];
    const lookup = dnsOf(['127.0.0.1'], ['::1']);
    await expect(fetchIt('http://rebind.test:PORT/', { lookup })).rejects.toMatchObject(refused);
    expect(lookup).toHaveBeenCalledTimes(2);
    expect(connections).toBe(1);
  });

  it.each(['http', 'https'])('to a private address that the check missed is sent nothing over %s', async (scheme) => {
    policy.mockReturnValueOnce(true);
    const url = `${scheme}://evil.test:PORT/`;
    await expect(fetchIt(url, { lookup: dnsOf(['127.0.0.1']) })).rejects.toMatchObject(refused);
    expect(policy).toHaveBeenCalledTimes(2);
    expect(received).toEqual([]);
  });

  it('to no address at all is a failed fetch', async () => {
    await expect(fetchIt('http://empty.test:PORT/', { lookup: dnsOf([]) })).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: 'The image URL could not be fetched (ENOTFOUND).',
    });
  });

  it('to an error is a failed fetch', async () => {
    const error = Object.assign(new Error('getaddrinfo EAI_AGAIN via 10.0.0.53'), { code: 'EAI_AGAIN' });
    const lookup = ((_host: string, _options: unknown, callback: (error: Error) => void) =>
      callback(error)) as unknown as typeof dns.lookup;
    await expect(fetchIt('http://broken.test:PORT/', { lookup })).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: 'The image URL could not be fetched (EAI_AGAIN).',
    });
  });
});

it('an https URL is fetched over TLS, whatever its port', async () => {
  await expect(fetchIt('https://127.0.0.1:PORT/', { allowedHosts: ['127.0.0.1'] })).rejects.toMatchObject({
    code: 'URL_FETCH_FAILED',
  });
  const handshakeRecord = 0x16;
  expect(received[0]?.[0]).toBe(handshakeRecord);
});
