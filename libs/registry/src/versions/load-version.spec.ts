import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { onnxClassifier, writeVersion } from '#testing/onnx-classifier';
import { type OnnxGraph, readOnnx, writeOnnx } from '#testing/onnx-file';
import { FolderStore } from '../stores/folder-store';
import { ModelRegistry } from '../serving/model-registry';

let folder: string;
let registry: ModelRegistry;

let elsewhere: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-load-'));
  elsewhere = mkdtempSync(join(tmpdir(), 'eyrie-elsewhere-'));
});
afterEach(async () => {
  await registry.stop(1_000);
  for (const each of [folder, elsewhere]) rmSync(each, { recursive: true });
});

const OUTSIDE = { dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: '/etc/passwd' }] };

/** Changes a version's graph and has its manifest say so. */
function replaceModel(version: string, change: (graph: OnnxGraph) => void): void {
  const file = join(version, 'model.onnx');
  const model = readOnnx(readFileSync(file));
  change(model.graph);
  const bytes = writeOnnx(model);
  writeFileSync(file, bytes);
  const manifest = JSON.parse(readFileSync(join(version, 'model.json'), 'utf8')) as { artifact: object };
  manifest.artifact = {
    file: 'model.onnx',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
  };
  writeFileSync(join(version, 'model.json'), JSON.stringify(manifest));
}

describe('a version that is not what its manifest says is FAILED, and why is said', () => {
  const WRONG: [string, (version: string) => void, RegExp][] = [
    [
      'a wrong checksum',
      (v) => writeFileSync(join(v, 'model.onnx'), onnxClassifier({ seed: 99 })),
      /has SHA-256 .* but model\.json says/,
    ],
    ['a truncated model', (v) => truncateSync(join(v, 'model.onnx'), 100), /has 100 bytes but model\.json says/],
    ['a missing model', (v) => rmSync(join(v, 'model.onnx')), /model\.onnx is missing in/],
    ['a missing manifest', (v) => rmSync(join(v, 'model.json')), /model\.json is missing in/],
    ['half a manifest', (v) => truncateSync(join(v, 'model.json'), 40), /model\.json is not valid JSON/],
    [
      'too many labels',
      (v) => appendFileSync(join(v, 'labels.txt'), 'one more\n'),
      /10 values per image but labels\.txt has 11/,
    ],
    ['an empty label', (v) => writeFileSync(join(v, 'labels.txt'), 'one\n\ntwo\n'), /line 2 of labels.txt is empty/],
    [
      'a link out of the registry',
      (v) => (rmSync(join(v, 'labels.txt')), symlinkSync('/etc/hostname', join(v, 'labels.txt'))),
      /symbolic link/,
    ],
    ['a hard link', (v) => linkSync(join(v, 'model.onnx'), join(folder, 'elsewhere')), /hard link/],
    [
      'weights in another file',
      (v) => replaceModel(v, (graph) => graph.initializer.push({ ...OUTSIDE, name: 'more' })),
      /model\.onnx keeps weights in other files/,
    ],
    [
      'a folder that is a link out of the registry',
      (v) => (renameSync(v, join(elsewhere, '1')), symlinkSync(join(elsewhere, '1'), v)),
      /model\.json is, or lies behind, a symbolic link that leads out of the registry/,
    ],
    ['a folder for a file', (v) => (rmSync(join(v, 'labels.txt')), mkdirSync(join(v, 'labels.txt'))), /not a file/],
  ];
  it.each(WRONG)('%s', async (_, spoil, reason) => {
    writeVersion(folder, 'm', 1);
    spoil(join(folder, 'm/1'));
    const problems: string[] = [];
    registry = new ModelRegistry(
      await FolderStore.open(folder),
      new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 }),
      { load: 'routed', unloadGraceMs: 5_000 },
      { onProblem: (_model, problem) => problems.push(problem) },
    );
    await registry.refresh();
    const version = registry.model('m').versions.get(1)!;
    expect(version.state).toBe('FAILED');
    expect(version.reason).toMatch(reason);
    expect(registry.isReady).toBe(false);
    expect(problems).toEqual([expect.stringMatching(/revision 0 is not in effect; version 1: /)]);
  });
});
