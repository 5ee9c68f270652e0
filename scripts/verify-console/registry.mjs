import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../prepare.mjs';

export const MODEL = 'resnet-cifar10';
/** A copy of version 1 whose file is broken: it is FAILED. */
export const BROKEN = 4;
/** A copy of version 1 whose labels are nothing to be trusted. */
export const HOSTILE = 5;
/** What would run if a label were taken for HTML, then right-to-left text, and so on to 2000 characters. */
export const HOSTILE_LABEL =
  `<img src=x onerror="window.wasRun=1"><script>window.wasRun=1</script>שלום עולם ${'x'.repeat(2000)}`.slice(0, 2000);

/** A copy of the bundled models, with two versions that show what a console must bear. */
export function makeRegistry() {
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-console-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, 'model-registry'), folder, { recursive: true });
  addVersion(folder, BROKEN);
  writeFileSync(join(folder, MODEL, String(BROKEN), 'model.onnx'), 'not a model');
  addVersion(folder, HOSTILE);
  const labels = readFileSync(join(folder, MODEL, String(HOSTILE), 'labels.txt'), 'utf8').split('\n');
  labels[labels.indexOf('ship')] = HOSTILE_LABEL;
  writeFileSync(join(folder, MODEL, String(HOSTILE), 'labels.txt'), labels.join('\n'));
  return folder;
}

function addVersion(folder, version) {
  const copy = join(folder, MODEL, String(version));
  cpSync(join(folder, MODEL, '1'), copy, { recursive: true });
  const path = join(copy, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  // Its pictures would be told by labels that are others now.
  delete manifest.golden;
  writeFileSync(
    path,
    JSON.stringify({ ...manifest, version, description: `a copy of version 1, as version ${version}` }),
  );
}
