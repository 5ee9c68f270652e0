// The test of the release: sends the picture to every server in SERVERS, as a client would, and looks at the answer.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 30;
const { SERVERS = '', API_KEY } = process.env;
const image = await readFile(process.argv[2]);

for (const server of SERVERS.split(' ').filter(Boolean)) {
  const answer = await predict(server);
  const [best] = answer.predictions;
  const { name, version } = answer.model;
  console.log(`${server}: ${name} version ${version} sees a ${best.label} (${best.confidence.toFixed(3)})`);
  // The bundled model is known to know this one; other models may never have heard of horses.
  if (name === 'resnet-cifar10' && best.label !== 'horse') fail(`${server} took a horse for a ${best.label}`);
}

/** Pods that have just become ready may not be known to everyone yet: connections are tried again. */
async function predict(server, left = TRIES) {
  const headers = { 'Content-Type': 'image/jpeg', ...(API_KEY && { Authorization: `Bearer ${API_KEY}` }) };
  try {
    const response = await fetch(`${server}/v1/predict`, { method: 'POST', headers, body: image });
    const body = await response.json();
    if (response.status === 401) fail(`${server} wants a key: set test.apiKeySecret (${body.detail})`);
    if (response.ok && body.predictions?.length > 0) return body;
    if (left === 0 || response.status < 500) fail(`${server} answered ${response.status}: ${JSON.stringify(body)}`);
  } catch (error) {
    if (left === 0) fail(`no answer from ${server}: ${error.cause?.message ?? error.message}`);
  }
  await sleep(1000);
  return predict(server, left - 1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
