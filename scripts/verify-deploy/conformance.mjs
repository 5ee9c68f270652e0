// Whether what is rendered is what Kubernetes takes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { render } from './manifests.mjs';
import { schemas } from './schemas.mjs';
import { goTool } from './tools.mjs';

/** Renders everything for a version of Kubernetes and holds it against that version's schemas. @returns what was checked */
export async function checkConformance(version) {
  const location = await schemas(version);
  const folder = await render(version);
  try {
    const { resources } = await kubeconform(folder, location, version);
    const bad = resources.filter(({ status }) => status !== 'statusValid');
    const lines = bad.map(({ filename, kind, name, status, msg }) => `${filename}: ${kind} ${name}: ${status} ${msg}`);
    if (bad.length > 0) throw new Error(lines.join('\n'));
    const written = countDocuments(folder);
    if (resources.length !== written)
      throw new Error(`${written} objects were rendered, but ${resources.length} checked`);
    return `${resources.length} objects of ${readdirSync(folder).length} renderings are valid in Kubernetes ${version}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A check that lets everything pass would not be noticed otherwise. */
export async function checkTheCheck(version) {
  const location = await schemas(version);
  const wrong = {
    'unknown field': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { sellector: { a: b } }\n',
    'wrong type': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: eighty }] }\n',
    'unknown field of a custom kind':
      'apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: a }\nspec: { scaleTargetRef: { name: a }, triggers: [], maxReplicas: 3 }\n',
    'unknown field of an Argo container':
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: a }\nspec: { strategy: { canari: {} } }\n',
    'key twice': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: b, a: c }\n',
    'unknown kind': 'apiVersion: example.com/v1\nkind: Nothing\nmetadata: { name: a }\n',
  };
  for (const [what, manifest] of Object.entries(wrong)) {
    const folder = mkdtempSync(join(tmpdir(), 'eyrie-wrong-'));
    writeFileSync(join(folder, 'wrong.yaml'), manifest);
    const { resources } = await kubeconform(folder, location, version);
    rmSync(folder, { recursive: true, force: true });
    if (resources.every(({ status }) => status === 'statusValid')) throw new Error(`kubeconform let pass: ${what}`);
  }
  return `${Object.keys(wrong).length} kinds of mistakes are found`;
}

async function kubeconform(folder, location, version) {
  const tool = await goTool('kubeconform');
  const args = ['-strict', '-verbose', '-output', 'json', '-n', '2', '-kubernetes-version', version];
  const { stdout, stderr } = spawnSync(tool, [...args, '-schema-location', location, folder], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`kubeconform: ${stdout}${stderr}`);
  }
}

function countDocuments(folder) {
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.flatMap((text) => parseAllDocuments(text)).filter((document) => document.contents !== null).length;
}
