import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomPng } from '#testing/images';
import { eyrie } from '#testing/cli';
import { onnxClassifier } from '#testing/onnx-classifier';

const EYRIE = join(__dirname, '../../../../dist/apps/cli/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'eyrie-cli-add-'));
const file = join(folder, 'model.onnx');
const isRoot = process.getuid?.() === 0;
// A registry that is read-only by its mode is so to anyone but root; but nobody may not be let in to where Node or the
// project lies.
const nobody = { uid: 65534, gid: 65534 };
const canBeNobody =
  isRoot && spawnSync(process.execPath, ['-e', `require('fs').accessSync('${EYRIE}')`], nobody).status === 0;
let user: { uid?: number; gid?: number } = {};
let registry: string;

beforeAll(() => {
  writeFileSync(file, onnxClassifier({ classes: 1000 }));
  chmodSync(folder, 0o755);
});
beforeEach(() => {
  user = {};
  registry = mkdtempSync(join(folder, 'registry-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const command = ['models', 'add', file, '--name', 'm', '--registry', registry, ...args];
  const child = spawn(process.execPath, [EYRIE, ...command], user);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...said }));
  });
  return { child, ended };
}

const run = (...args: string[]): Promise<Ended> => start(...args).ended;

async function startAndWaitForFiles() {
  chmodSync(registry, 0o777);
  const started = start();
  for (let i = 0; i < 2000 && readdirSync(registry).length === 0; i++) await sleep(5);
  expect(readdirSync(registry)).toEqual([expect.stringMatching(/^\.adding-/)]);
  return started;
}

describe('models add', () => {
  it('says what it found, what it assumed and what comes next', async () => {
    chmodSync(registry, 0o777);
    const { code, stdout, stderr } = await run();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/layout +│? *NCHW +│? *found in the file/);
    expect(stdout).toMatch(/mean +│? *0.485, 0.456, 0.406 +│? *ASSUMED/);
    expect(stdout).toContain('nobody gave labels: ImageNet’s thousand were taken');
    expect(stdout).toContain('"imagenet" was taken because it is likely');
    expect(stdout).toContain('Added m version 1');
    expect(code).toBe(0);
    expect(readdirSync(join(registry, 'm', '1')).sort()).toEqual(['labels.txt', 'model.json', 'model.onnx']);

    const again = await run('--version', '1');
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^eyrie: m has a version 1 already.*\n$/) });
    const json = await run('--json', '--preset', 'imagenet');
    expect(JSON.parse(json.stdout)).toMatchObject({ manifest: { name: 'm', version: 2 }, facts: expect.any(Array) });
  });

  it('shows what each preparation makes of pictures, and adds nothing', async () => {
    const photo = join(folder, 'photo.png');
    writeFileSync(photo, await randomPng(8));
    const { code, stdout, stderr } = await run('--try', photo);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/preparation +│ mean confidence +│ photo\.png/);
    for (const name of ['as it would be added', 'imagenet-bgr', 'inception', 'raw']) {
      expect(stdout).toMatch(new RegExp(`│ ${name} +│ +\\d+% +│ .+ \\d+%`));
    }
    expect(readdirSync(registry)).toEqual([]);
  });

  it.each([
    ['--preset', 'x', /--preset must be imagenet or/],
    ['--input-size', '0', /--input-size must be pixels/],
    ['--mean', '1,2', /--mean must be three numbers/],
    ['--std', '0', /--std must be greater than 0/],
    ['--scale', '1/0', /--scale must be a number/],
    ['--resize', 'pad:3', /--resize must be/],
    ['--resize', 'shorter-side:3x4', /--resize must be/],
    ['--kernel', 'cubic', /--kernel must be bilinear or bicubic/],
    ['--pad-color', '300', /--pad-color must be a grey/],
    ['--pad-color', '1,2', /--pad-color must be a grey/],
    ['--channels', 'CMYK', /--channels must be RGB or BGR or GREY/],
    ['--threshold', '2', /--threshold must be from 0 to 1/],
    ['--version', '1.5', /--version must be a whole number/],
  ])('called with %s %s says how it must be', async (option, text, reason) => {
    const { code, stderr } = await eyrie(['models', 'add', file, '--name', 'm', option, text]);
    expect(stderr).toMatch(reason);
    expect(code).toBe(2);
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const { child, ended } = await startAndWaitForFiles();
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130, stderr: 'eyrie: interrupted; nothing was added\n' });
    expect(readdirSync(registry)).toEqual([]);
  });

  it('killed midway leaves no version, and the next one clears up', async () => {
    const { child, ended } = await startAndWaitForFiles();
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(registry)).toEqual([expect.stringMatching(/^\.adding-/)]);
    expect(await run()).toMatchObject({ code: 0 });
    expect(readdirSync(registry)).toEqual(['m']);
  });

  (isRoot && !canBeNobody ? it.skip : it)('says that the registry is read-only', async () => {
    chmodSync(registry, 0o555);
    if (isRoot) user = nobody;
    const { code, stderr } = await run();
    expect(stderr).toMatch(/^eyrie: nothing was added: .* cannot be written to \(EACCES\)\n$/);
    expect(code).toBe(1);
    expect(readdirSync(registry)).toEqual([]);
  });

  // 750 KB of weights do not fit. Only root may mount, and not everywhere.
  const mounted = mkdtempSync(join(folder, 'small-'));
  const mount = isRoot ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=777', 'tmpfs', mounted]) : undefined;
  afterAll(() => mount?.status === 0 && spawnSync('umount', [mounted]));
  (mount?.status === 0 ? it : it.skip)('leaves nothing behind on a full disk', async () => {
    registry = mounted;
    const { code, stderr } = await run();
    expect(stderr).toMatch(/^eyrie: nothing was added: the disk of .* is full \(ENOSPC\); make room\n$/);
    expect(code).toBe(1);
    expect(readdirSync(mounted)).toEqual([]);
  });
});
