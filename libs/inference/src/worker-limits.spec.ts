import { execFileSync } from 'node:child_process';
import { withLimits } from './worker-limits';

/** Soft and hard, as a command has them that is run so. */
function limitsOf(before: string[] = []): Record<string, string> {
  const [program, args] = withLimits('/bin/cat', ['/proc/self/limits']);
  const [first, ...rest] = [...before, program, ...args] as [string, ...string[]];
  const text = execFileSync(first, rest, { encoding: 'utf8' });
  return Object.fromEntries(
    [...text.matchAll(/^Max (.+?) {2,}(\S+) +(\S+)/gm)].map(([, name, ...limits]) => [name, limits.join(' ')]),
  );
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;
onLinux('a worker', () => {
  it('leaves no picture of its memory behind, and has few file descriptors', () => {
    const limits = limitsOf(['prlimit', '--core=unlimited', '--nofile=20000']);
    expect(limits).toMatchObject({ 'core file size': '0 0', 'open files': '1024 1024' });
    expect(limits).toMatchObject({ 'address space': 'unlimited unlimited' });
  });

  it.each([
    ['1999', '1999'],
    ['2000', '1024'],
    ['9999', '1024'],
    ['100', '100'],
    ['1024', '1024'],
  ])('of %s file descriptors has %s, and never more than the server', (given, kept) => {
    expect(limitsOf(['prlimit', `--nofile=${given}`])['open files']).toBe(`${kept} ${kept}`);
  });

  it('whose program is not there is not asked of a shell, which would not say so', () => {
    expect(withLimits('/nowhere/node', ['a'])).toEqual(['/nowhere/node', ['a']]);
  });
});
