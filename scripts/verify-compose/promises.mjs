// What a user of docker-compose.yml may expect, asked of a running one. Started by main.mjs where published ports can be reached.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../prepare.mjs';
import { count, demand, demandNone, promise } from '../verify-image/promise.mjs';
import { compose, composed, inspect, warnings } from './compose.mjs';

const SHIP = readFileSync(join(root, 'samples/ship.png'));
const RULES = join(root, 'monitoring/prometheus/rules');
/** Of docker-compose.yml. */
const GRACE_SECONDS = 35;
/** Other ports than the defaults, for the second start. */
const MOVED = {
  EYRIE_PORT: '8123',
  EYRIE_GRPC_PORT: '8124',
  PROMETHEUS_PORT: '9123',
  REDIS_URL: 'redis://redis:6379',
  EYRIE_VERSION: '9.8.7',
};
const WITH_REDIS = ['--profile', 'redis'];

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(`interrupted by ${signal}`));
try {
  await down();
  await defaults();
  await withRedis();
  await end();
} catch (error) {
  await end(error.message);
}

async function defaults() {
  await promise('`docker compose up --build` builds with BuildKit and starts without a warning', async () => {
    const { output } = await compose({}, 'up', '--build', '--detach', 'eyrie', 'prometheus');
    demandNone(warnings(output));
  });
  await promise('eyrie becomes healthy, as the daemon finds by the health check', () => healthy('eyrie'));
  await promise('it answers on port 8000 of this machine', async () => {
    const { predictions, model } = await predict(8000);
    demand(predictions[0].label === 'ship', JSON.stringify(predictions));
    return `ship with ${predictions[0].confidence.toFixed(3)} by version ${model.version}`;
  });
  await promise('it runs read-only, without privileges, and within its memory', async () => {
    const { HostConfig: host } = await inspect('eyrie');
    demand(host.ReadonlyRootfs && host.Memory === 2 ** 30, `${host.ReadonlyRootfs}, ${host.Memory} bytes`);
    const shell = (line) => composed({}, 'exec', '--no-TTY', 'eyrie', 'sh', '-c', line);
    const status = await shell('cat /proc/1/status');
    for (const line of [/^Uid:\t10001\t/m, /^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m]) demand(line.test(status), status);
    const refused = await shell(
      'touch /app/model-registry/x /app/x /models/x 2>&1; touch /tmp/x /registry/.x && rm /registry/.x',
    );
    demand(refused.match(/Read-only file system/g)?.length === 3, refused);
  });
  await promise('policies can be changed, and outlive the containers', async () => {
    const command = (...words) => composed({}, 'exec', '--no-TTY', 'eyrie', 'eyrie', ...words);
    const aliases = async () => {
      const answer = await fetch('http://127.0.0.1:8000/v1/models/resnet-cifar10/policy');
      return (await answer.json()).aliases;
    };
    await command('alias', 'set', 'resnet-cifar10', 'mine', '1');
    await until(60, async () => (await aliases()).mine === 1);
    await composed({}, 'rm', '--stop', '--force', 'eyrie');
    await compose({}, 'up', '--detach', 'eyrie');
    await healthy('eyrie');
    demand((await aliases()).mine === 1, JSON.stringify(await aliases()));
    const { models } = JSON.parse(await command('backup', '/tmp/backups', '--json'));
    return `revision ${models.find(({ model }) => model === 'resnet-cifar10').revision}`;
  });
  await promise('a server that is killed is started again', async () => {
    const before = await inspect('eyrie');
    process.kill(before.State.Pid, 'SIGKILL');
    const after = await until(60, async () => {
      const now = await inspect('eyrie');
      return now.RestartCount === before.RestartCount + 1 && now.State.Running && now;
    });
    await healthy('eyrie');
    return `${after.RestartCount} restart`;
  });
  await promise('Prometheus scrapes it, and has the rules', async () => {
    const ask = async (path) => (await (await fetch(`http://127.0.0.1:9090/api/v1/${path}`)).json()).data;
    const targets = await until(90, async () => {
      const { activeTargets } = await ask('targets');
      return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up') && activeTargets;
    });
    const { groups } = await ask('rules');
    const loaded = groups.flatMap(({ rules }) => rules.map(({ name }) => name)).sort();
    const written = readdirSync(RULES).flatMap((file) =>
      [...readFileSync(join(RULES, file), 'utf8').matchAll(/^ +- (?:record|alert): (.+)$/gm)].map(([, name]) => name),
    );
    demand(String(loaded) === String(written.sort()), `it has ${loaded.length} rules of ${written.length}`);
    const info = await until(60, async () => (await ask('query?query=build_info{job="eyrie"}')).result[0]);
    const { status } = await fetch('http://127.0.0.1:9090/-/healthy');
    demand(status === 200, `/-/healthy says ${status}`);
    return `${targets.map(({ labels }) => labels.job).join(', ')} up; ${loaded.length} rules; version ${info.metric.version}`;
  });
  await promise('Prometheus can be reached from this machine only, and outlives a restart', async () => {
    const address = await composed({}, 'port', 'prometheus', '9090');
    demand(address.startsWith('127.0.0.1:'), `it listens on ${address}`);
    await composed({}, 'restart', 'prometheus');
    await until(60, async () => (await fetch('http://127.0.0.1:9090/-/ready')).ok);
    return address;
  });
  await promise(`\`docker compose stop\` ends the server within ${GRACE_SECONDS} s, with 0`, () => stops({}));
  await down();
}

async function withRedis() {
  await promise('with the profile redis and other ports it starts without a warning', async () => {
    const { output } = await compose(MOVED, ...WITH_REDIS, 'up', '--build', '--detach', 'eyrie', 'prometheus', 'redis');
    demandNone(warnings(output));
    await healthy('redis');
    await healthy('eyrie');
    const { info } = await (await fetch(`http://127.0.0.1:${MOVED.EYRIE_PORT}/health`)).json();
    demand(info.server.version === MOVED.EYRIE_VERSION, `/health says version ${info.server.version}`);
    await until(60, async () => (await fetch(`http://127.0.0.1:${MOVED.PROMETHEUS_PORT}/-/ready`)).ok);
    const closed = await fetch('http://127.0.0.1:8000/health').catch(({ cause }) => cause.code);
    demand(closed === 'ECONNREFUSED', `port 8000 is still open: ${closed.status}`);
    return `ports ${MOVED.EYRIE_PORT} and ${MOVED.PROMETHEUS_PORT}, version ${info.server.version}`;
  });
  await promise('an answer is found in Redis by a server that was started after it was given', async () => {
    const first = await predict(MOVED.EYRIE_PORT);
    await composed(MOVED, ...WITH_REDIS, 'restart', 'eyrie');
    await healthy('eyrie');
    const second = await predict(MOVED.EYRIE_PORT);
    demand(!first.cached && second.cached, `cached: ${first.cached}, then ${second.cached}`);
    demand(JSON.stringify(second.predictions) === JSON.stringify(first.predictions), JSON.stringify(second));
    return `cached: ${first.cached}, then ${second.cached}`;
  });
  await promise('Redis runs read-only as user 999 and keeps nothing on disk', async () => {
    const { HostConfig: host, Config: config } = await inspect('redis');
    demand(host.ReadonlyRootfs && config.User === '999:999', `${host.ReadonlyRootfs}, ${config.User}`);
    const ask = (...words) => composed(MOVED, ...WITH_REDIS, 'exec', '--no-TTY', 'redis', 'redis-cli', ...words);
    const policy = await ask('CONFIG', 'GET', 'maxmemory-policy');
    demand(policy.includes('allkeys-lru'), policy);
    demand(/^save\s*$/m.test(await ask('CONFIG', 'GET', 'save')), 'it saves');
    return `${await ask('DBSIZE')} answer`;
  });
  await promise('without Redis the server goes on', async () => {
    await composed(MOVED, ...WITH_REDIS, 'stop', 'redis');
    const { predictions } = await predict(MOVED.EYRIE_PORT);
    demand(predictions[0].label === 'ship', JSON.stringify(predictions));
  });
  await promise(`\`docker compose stop\` ends it within ${GRACE_SECONDS} s, with 0`, () => stops(MOVED));
}

async function stops(variables) {
  const begun = performance.now();
  await composed(variables, 'stop', 'eyrie');
  const seconds = (performance.now() - begun) / 1000;
  const { State: state } = await inspect('eyrie');
  demand(state.ExitCode === 0 && seconds < GRACE_SECONDS, `exit code ${state.ExitCode} after ${seconds.toFixed(1)} s`);
  return `after ${seconds.toFixed(1)} s`;
}

async function healthy(service) {
  const begun = performance.now();
  await until(180, async () => (await inspect(service)).State.Health?.Status === 'healthy').catch(async (error) => {
    throw new Error(
      `${service} is not healthy: ${error.message}\n${await composed({}, 'logs', '--tail', '20', service)}`,
    );
  });
  return `after ${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

async function predict(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/predict`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: SHIP,
  });
  const body = await answer.json();
  demand(answer.status === 200, `${answer.status} ${JSON.stringify(body)}`);
  return body;
}

/** Asks again and again. @returns the first answer that is not false @throws after so many seconds */
async function until(seconds, ask) {
  let problem;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(500)) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      problem = error.message;
    }
  }
  throw new Error(`not within ${seconds} s${problem ? `: ${problem}` : ''}`);
}

async function down() {
  await composed(MOVED, ...WITH_REDIS, 'down', '--volumes', '--remove-orphans', '--timeout', '5');
}

async function end(problem) {
  if (ending) return;
  ending = true;
  if (problem) console.error(`cannot verify docker-compose.yml: ${problem}`);
  await down().catch(({ message }) => console.error(message));
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exit(problem || count.failed > 0 || count.passed === 0 ? 1 : 0);
}
