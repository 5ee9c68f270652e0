// `npm run verify:dialects`: drives the real server by the stock clients of the Open Inference Protocol, unmodified, and compares what
// they make of its answers with what /v1 says of the same pictures. Needs Python 3.10+ with venv, and PyPI.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EyrieServer } from '../eyrie-server.mjs';
import { freePort } from '../free-ports.mjs';
import { prepare, root } from '../prepare.mjs';
import { virtualEnvironment } from '../virtual-environment.mjs';

const MLSERVER = '1.7.1';
const TRITON = '2.73.0';
const KSERVE = '0.21.0';
const GRPC_TOOLS = ['grpcio-reflection==1.81.1', 'grpcio-health-checking==1.81.1'];
const MODEL = 'resnet-cifar10';
const PICTURES = ['ship.png', 'cat.jpg', 'frog.webp'];
const KEY = 'a-key-for-this-run-alone';
const PIXELS = 3 * 32 * 32;

// Kserve and mlserver want different versions of the same packages.
const bin = virtualEnvironment('mlserver', MLSERVER, `tritonclient[http]==${TRITON}`);
const kserve = virtualEnvironment('kserve', KSERVE);
const triton = virtualEnvironment('tritonclient', TRITON, `tritonclient[grpc]==${TRITON}`, ...GRPC_TOOLS);
prepare();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-dialects-'));
const grpcPort = await freePort();
const server = await EyrieServer.start({
  registry: join(root, 'model-registry'),
  model: MODEL,
  grpcPort,
  env: { LOG_LEVEL: 'error', ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex') },
});
const { host } = new URL(server.url);
let failed = 0;
try {
  const classes = await Promise.all(PICTURES.map(bestClass));
  const files = PICTURES.map((name) => join(root, 'samples', name));
  const grpcHost = `127.0.0.1:${grpcPort}`;
  for (const [python, script, address] of [
    [bin, 'tritonclient_http.py', host],
    [kserve, 'kserve_rest.py', host],
    [triton, 'tritonclient_grpc.py', grpcHost],
    [kserve, 'kserve_grpc.py', grpcHost],
  ]) {
    const args = [join(root, 'scripts/verify-dialects', script), address, KEY, JSON.stringify({ files, classes })];
    const { status, stdout, stderr } = spawnSync(join(python, 'python'), args, { encoding: 'utf8' });
    process.stdout.write(stdout);
    if (status !== 0) tell(`${script}: ${stderr.trim().split('\n').slice(-8).join('\n')}`);
  }
  for (const more of [[], ['-s', '2'], ['-b']]) mlserverInfer(more);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed === 0 ? 'all clients: ok' : `${failed} FAILED`);
process.exitCode = failed === 0 ? 0 : 1;

async function bestClass(name) {
  const body = readFileSync(join(root, 'samples', name));
  const headers = { 'Content-Type': 'application/octet-stream' };
  const answer = await fetch(`${server.url}/v1/predict?top_k=1`, { method: 'POST', body, headers });
  return (await answer.json()).predictions[0].class_id;
}

/** A request a line, and an answer each. */
function mlserverInfer(more) {
  const [input, output] = [join(folder, 'in.jsonl'), join(folder, 'out.jsonl')];
  const line = (i) => {
    const data = Array.from({ length: PIXELS }, (_, at) => ((at * 7 + i * 13) % 17) / 17);
    return JSON.stringify({ inputs: [{ name: 'input', shape: [1, 3, 32, 32], datatype: 'FP32', data }] });
  };
  writeFileSync(input, [0, 1, 2, 3].map((i) => `${line(i)}\n`).join(''));
  const args = ['infer', '-u', host, '-m', MODEL, '-i', input, '-o', output, '-w', '1', ...more];
  const { status, stderr } = spawnSync(join(bin, 'mlserver'), args, { encoding: 'utf8' });
  const answers = status === 0 ? readFileSync(output, 'utf8').trim().split('\n').map(JSON.parse) : [];
  const name = `mlserver infer ${more.join(' ')}`.trim();
  const isWhole = ({ outputs }) =>
    outputs?.[0].data.length === 10 && Math.abs(outputs[0].data.reduce((sum, score) => sum + score) - 1) < 1e-3;
  if (answers.length === 4 && answers.every(isWhole)) console.log(`${name}: ok`);
  else tell(`${name}: ${stderr.trim().split('\n').slice(-8).join('\n')} ${JSON.stringify(answers[0])}`);
}

function tell(problem) {
  failed++;
  console.error(`FAILED  ${problem}`);
}
