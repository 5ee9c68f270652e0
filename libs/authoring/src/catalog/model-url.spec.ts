import { SourceFailed } from './download-errors';
import { redirected, shownUrl, splitCredentials } from './model-url';

it.each([
  ['https://a.test/x', 'https://b.test/y?k=1', 'https://b.test/y?k=1'],
  ['https://a.test/d/x', '../y', 'https://a.test/y'],
  ['https://a.test/x', '//b.test/y', 'https://b.test/y'],
  ['http://a.test/x', 'https://a.test/x', 'https://a.test/x'],
  ['http://a.test/x', '/y', 'http://a.test/y'],
])('follows %s to %s', (from, location, to) => {
  expect(redirected(new URL(from), location).href).toBe(to);
});

it.each([
  ['https://a.test/x', 'http://a.test/x', /not encrypted/],
  ['https://a.test/x', 'file:///etc/passwd', /a file: URL/],
  ['http://a.test/x', 'ftp://a.test/x', /a ftp: URL/],
  ['https://a.test/x', 'data:text/plain,x', /a data: URL/],
  ['https://a.test/x', 'https://', /redirects to nowhere/],
  ['https://a.test/x', null, /redirects to nowhere/],
])('does not follow %s to %s', (from, location, message) => {
  expect(() => redirected(new URL(from), location)).toThrow(message);
  expect(() => redirected(new URL(from), location)).toThrow(SourceFailed);
});

it('shows neither passwords nor signed queries', () => {
  expect(shownUrl(new URL('https://me:secret@a.test/x?signature=secret'))).toBe('https://***@a.test/x?…');
});

it('makes a header of the credentials in a URL', () => {
  const { bare, authorization } = splitCredentials(new URL('https://me:p%40ss@a.test/x'));
  expect(bare.href).toBe('https://a.test/x');
  expect(authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
});
