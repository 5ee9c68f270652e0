import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBuildInfo } from './build-info';

describe('what runs', () => {
  const root = mkdtempSync(join(tmpdir(), 'eyrie-build-'));
  const sources = join(root, 'dist', 'src');
  mkdirSync(sources, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"version":"1.2.3"}');
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['is the version of package.json where no image was built', undefined, { version: '1.2.3', commit: 'unknown' }],
    [
      'is what an image was built with',
      '{"version":"1.3.0-rc.1","commit":"c0ffee"}',
      { version: '1.3.0-rc.1', commit: 'c0ffee' },
    ],
    [
      'is the version of package.json in an image without one',
      '{"version":"","commit":"c0ffee"}',
      { version: '1.2.3', commit: 'c0ffee' },
    ],
  ])('%s', (_, file, expected) => {
    if (file) writeFileSync(join(root, 'build-info.json'), file);
    expect(readBuildInfo(sources)).toEqual(expected);
  });
});
