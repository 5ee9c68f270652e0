// Whether what is rendered is what Kubernetes takes: kubernetes-validate (https://pypi.org/project/kubernetes-validate/) has the closed
// schemas of its versions. Other people's kinds it does not know; those the step `cluster` shows to a real API server.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { virtualEnvironment } from '../virtual-environment.mjs';
import { render } from './manifests.mjs';
import { KUBERNETES, KUBERNETES_VALIDATE } from './versions.mjs';

/** A check that lets everything pass would not be noticed otherwise. */
const MISTAKES = {
  'an unknown field': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { sellector: { a: b } }\n',
  'a wrong type': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: eighty }] }\n',
  'a key twice': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { a: b, a: c }\n',
};

/** @returns what was checked, a line each */
export async function checkConformance() {
  const lines = [];
  for (const version of [KUBERNETES.oldest, KUBERNETES.newest]) {
    const folder = await render(version);
    const { problems, valid, unknown } = validated(folder, version);
    const renderings = readdirSync(folder).length;
    rmSync(folder, { recursive: true, force: true });
    if (problems.length > 0) throw new Error(problems.join('\n'));
    lines.push(
      `${valid} objects of ${renderings} renderings are valid in Kubernetes ${version}; of other people's kinds there are ${unknown}`,
    );
  }
  for (const [what, manifest] of Object.entries(MISTAKES)) {
    const folder = mkdtempSync(join(tmpdir(), 'eyrie-wrong-'));
    writeFileSync(join(folder, 'wrong.yaml'), manifest);
    const { problems } = validated(folder, KUBERNETES.newest);
    rmSync(folder, { recursive: true, force: true });
    if (problems.length === 0) throw new Error(`it lets pass ${what}`);
  }
  return [...lines, `${Object.keys(MISTAKES).length} kinds of mistakes are found`];
}

function validated(folder, version) {
  const files = readdirSync(folder).map((name) => join(folder, name));
  const problems = files.flatMap((file) =>
    parseAllDocuments(readFileSync(file, 'utf8')).flatMap(({ errors }) => errors.map(({ message }) => message)),
  );
  const tool = join(virtualEnvironment('kubernetes-validate', KUBERNETES_VALIDATE), 'kubernetes-validate');
  const { status, stdout, stderr } = spawnSync(tool, ['-k', version, '--strict', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const said = `${stdout}${stderr}`.split('\n');
  const count = (word) => said.filter((line) => line.startsWith(word)).length;
  if (status !== 0) problems.push(...said.filter((line) => line !== '' && !/^(INFO|WARN) /.test(line)));
  return { problems, valid: count('INFO '), unknown: count('WARN ') };
}
