// Everything that is rendered: the chart with each values file of ci/, and each kustomization.
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { output } from './cache.mjs';
import { client } from './tools.mjs';

export const chart = join(root, 'helm/eyrie');
export const OVERLAYS = ['dev', 'production', 'canary', 'keda'];
export const KUSTOMIZATIONS = ['base', ...OVERLAYS.map((name) => `overlays/${name}`), 'kserve'];

export function valuesFiles() {
  return readdirSync(join(chart, 'ci'))
    .filter((name) => name.endsWith('-values.yaml'))
    .sort();
}

/** @param version of Kubernetes that Helm is to think it has @returns a folder with one file of manifests for each */
export async function render(version) {
  const helm = await client('helm');
  const kubectl = await client('kubectl');
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-manifests-'));
  for (const name of valuesFiles()) {
    const args = ['template', 'eyrie', chart, '-n', 'eyrie', '-f', join(chart, 'ci', name), '--kube-version', version];
    writeFileSync(join(folder, `chart-${name}`), output(helm, args));
  }
  for (const name of KUSTOMIZATIONS) {
    const file = join(folder, `k8s-${name.replace('/', '-')}.yaml`);
    writeFileSync(file, output(kubectl, ['kustomize', join(root, 'k8s', name)]));
  }
  return folder;
}
