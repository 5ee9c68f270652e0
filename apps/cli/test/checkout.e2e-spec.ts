import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODEL, REPOSITORY, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { bin } from '../../../package.json';

const EYRIE = join(REPOSITORY, bin);
let registry: TemporaryFolder;
let elsewhere: string;

beforeAll(() => {
  registry = temporaryRegistry({});
  elsewhere = mkdtempSync(join(tmpdir(), 'eyrie-elsewhere-'));
});
afterAll(() => {
  registry.remove();
  rmSync(elsewhere, { recursive: true });
});

// What is out of date is built first, in place: under the feet of the tests that run beside this one.
const isUpToDate = spawnSync(process.execPath, [join(REPOSITORY, 'scripts/prepare.mjs'), '--check']).status === 0;
const inCheckout = isUpToDate ? it : it.skip;

/** As a shell calls it, in `folder`. */
function call(line: string, folder: string, env: Record<string, string> = {}) {
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, env: { PATH, ...env } });
  return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
}

inCheckout('prints what the command says and nothing else, wherever it is called', () => {
  const { code, stdout, stderr } = call(`${EYRIE} models list --json --registry .`, registry.path);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject([{ name: MODEL }]);
});

inCheckout('called by npm, which stands in the project, means paths from where the person stands', () => {
  const npm = { npm_lifecycle_event: 'eyrie', INIT_CWD: registry.path };
  const { code, stdout } = call(`node scripts/eyrie.mjs models show ${MODEL} --json --registry .`, REPOSITORY, npm);
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { name: MODEL }]);
});

inCheckout('ends without a word when nobody reads on, and hands on its exit code', () => {
  const { stdout, stderr } = call(`${EYRIE} models list --json | head -c 1`, elsewhere);
  expect([stdout, stderr]).toEqual(['[', '']);
  expect(call(`${EYRIE} models show nobody`, elsewhere)).toMatchObject({ code: 1, stdout: '' });
});
