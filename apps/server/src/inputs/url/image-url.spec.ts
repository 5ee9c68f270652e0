import { firstHop, nextHop } from './image-url';

const refused = expect.objectContaining({ code: 'URL_NOT_ALLOWED' });

describe('firstHop', () => {
  it('takes a host without its trailing dot', () => {
    expect(firstHop('https://Example.COM./a.png?b=c', []).url.href).toBe('https://example.com/a.png?b=c');
  });

  it.each([
    ['http://minio/', 'minio'],
    ['http://MINIO./', 'minio'],
    ['http://minio:9000/', 'minio'],
    ['http://minio:9000/', 'minio:9000'],
    ['http://minio/', 'minio:80'],
    ['https://minio/', 'minio:443'],
    ['http://[::1]:9000/', '[::1]:9000'],
    ['http://10.0.0.7/', '10.0.0.7'],
  ])('allows %s where %s is allowed', (url, allowed) => {
    expect(firstHop(url, [allowed]).hostAllowed).toBe(true);
  });

  it.each([
    ['http://minio/', 'minio:9000'],
    ['https://minio/', 'minio:80'],
    ['http://minio.example.com/', 'minio'],
    ['http://notminio/', 'minio'],
    ['http://example.com/minio', 'minio'],
  ])('does not take %s for the allowed %s', (url, allowed) => {
    expect(firstHop(url, [allowed]).hostAllowed).toBe(false);
  });

  it('refuses other schemes and credentials of an allowed host too', () => {
    expect(() => firstHop('ftp://minio/', ['minio'])).toThrow(refused);
    expect(() => firstHop('http://user@minio/', ['minio'])).toThrow(refused);
  });

  it('says where a data: URI goes', () => {
    expect(() => firstHop('data:image/png;base64,AAAA', [])).toThrow(/A data: URI goes into the field "image"/);
  });

  it('refuses a URL of more than 4096 characters without repeating it', () => {
    const url = 'http://example.com/'.padEnd(4096, 'x');
    expect(() => firstHop(url, [])).not.toThrow();
    expect(() => firstHop(`${url}x`, [])).toThrow('The image URL is longer than 4096 characters.');
  });
});

describe('nextHop', () => {
  const from = firstHop('https://example.com/a/b.png', []);

  it.each([
    ['c.png', 'https://example.com/a/c.png'],
    ['/c.png', 'https://example.com/c.png'],
    ['//other.example/c.png', 'https://other.example/c.png'],
  ])('follows %s relative to the URL that answered', (location, href) => {
    expect(nextHop(from, location, []).url.href).toBe(href);
  });

  it('goes from http up to https, and never back', () => {
    const up = nextHop(firstHop('http://example.com/', []), 'https://example.com/', []);
    expect(up.url.protocol).toBe('https:');
    expect(() => nextHop(up, 'http://example.com/', [])).toThrow(/leaves https for http/);
    expect(() => nextHop(up, 'http://example.com/', ['example.com'])).toThrow(/leaves https for http/);
  });

  it.each(['http://127.0.0.1/', 'file:///etc/passwd', 'https://a:b@example.com/', 'https://'])(
    'checks %s as it would the first URL',
    (location) => expect(() => nextHop(firstHop('http://example.com/', []), location, [])).toThrow(refused),
  );

  it('keeps silent about a host that only the redirect named', () => {
    expect(() => nextHop(from, 'https://10.1.2.3/vault', [])).toThrow(/^(?!.*(10\.1|vault)).*not public/);
  });
});
