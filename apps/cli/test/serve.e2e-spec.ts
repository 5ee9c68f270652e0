import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { MODEL, REPOSITORY, temporaryRegistry } from '#testing/registry';
import { until } from '#testing/until';
import { SERVER_ALLOCATOR, SERVER_FLAGS } from '../src/serve.command';

it('starts a server on the registry that it is given, and ends with it', async () => {
  const registry = temporaryRegistry({});
  const entry = join(REPOSITORY, 'dist/apps/cli/src/main.js');
  const args = [entry, 'serve', '--port', '0', '--host', '127.0.0.1', '--registry', '.'];
  const child = spawn(process.execPath, args, { cwd: registry.path, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    await until(() => said.includes('serving on'), 'it serves', 60_000);
    const url = /serving on (http:\/\/[^ ]+)/.exec(said)![1]!;
    expect((await eyrie(['models', 'list', '--json', '--server', url])).json).toMatchObject([{ name: MODEL }]);
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  } finally {
    child.kill('SIGKILL');
    registry.remove();
  }
});

it('is run as npm start runs it', () => {
  const { NODE_FLAGS, allocatorSettings } = jest.requireActual<{
    NODE_FLAGS: string[];
    allocatorSettings: (environment: object) => object;
  }>('../../../scripts/node-settings.mjs');
  expect([SERVER_FLAGS, SERVER_ALLOCATOR]).toEqual([NODE_FLAGS, allocatorSettings({})]);
});

it.each([
  [['serve', '--port', 'http'], 2],
  [['serve', '--port', '65536'], 2],
])('%j is a wrong call', async (args, code) => {
  expect((await eyrie(args)).code).toBe(code);
});
