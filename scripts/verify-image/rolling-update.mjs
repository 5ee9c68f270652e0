// A rolling update with nothing but nginx and two containers: each is stopped and replaced in turn, while clients go on.
// nginx is not told; what it needs to know, it learns from refused connections and from 503s of a server that still loads.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, freePorts } from '../free-ports.mjs';
import { Container, UNCACHED } from './container.mjs';
import { Load } from './load.mjs';

const SHUTDOWN_DELAY_MS = '1000';

/**
 * @param before image that serves at first; @param after the one that replaces it
 * @param target what is sent: { path, body, type, label }; @param atLeast requests; @param clients
 * @returns { load, commits: those that /health named before and after, secondsPerContainer }
 */
export async function rollingUpdate(before, after, target, atLeast, clients) {
  const ports = await freePorts(2);
  const start = async (image, port) =>
    (await Container.start(image, { env: { ...UNCACHED, PORT: port, SHUTDOWN_DELAY_MS } })).ready();
  const containers = [];
  let nginx;
  try {
    for (const port of ports) containers.push(await start(before, port));
    nginx = await startNginx(ports);
    const commits = [await commitsOf(containers)];
    const load = new Load({ ...target, url: nginx.url + target.path }, clients);
    let replaced = false;
    const running = load.run(() => replaced && load.answered + load.failed >= atLeast);
    const seconds = [];
    // The load ends by itself only when this is over, so a failure here must end it.
    const replacing = (async () => {
      await sleep(2_000);
      for (let i = 0; i < containers.length; i++) {
        const begun = performance.now();
        await containers[i].signal('TERM');
        const code = await containers[i].exited();
        if (code !== 0) load.failures.set(`the old container exited with ${code}`, 1);
        await containers[i].remove();
        containers[i] = await start(after, ports[i]);
        seconds.push((performance.now() - begun) / 1000);
      }
    })().finally(() => (replaced = true));
    await Promise.all([running, replacing]);
    commits.push(await commitsOf(containers));
    return { load, commits, secondsPerContainer: seconds };
  } finally {
    nginx?.stop();
    for (const container of containers) await container.remove();
  }
}

async function commitsOf(containers) {
  const answers = await Promise.all(containers.map((container) => container.json('/health')));
  return [...new Set(answers.map(({ info }) => info.server.commit))].join(' and ');
}

/** The configuration of docs/DEPLOYMENT.md, in a folder and on a port of its own. */
async function startNginx(ports) {
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, ports));
  const child = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', file], { stdio: 'inherit' });
  const stop = () => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100 && child.exitCode === null; i++) {
    if ((await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) return { url, stop };
    await sleep(100);
  }
  stop();
  throw new Error('nginx does not reach the containers');
}

function configuration(folder, port, ports) {
  // One worker: a few requests at a time are no work for nginx.
  return `daemon off;
worker_processes 1;
user root;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream eyrie {
${ports.map((upstream) => `    server 127.0.0.1:${upstream} max_fails=0;`).join('\n')}
    keepalive 32;
    keepalive_timeout 60s;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 65m;
    location / {
      proxy_pass http://eyrie;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_read_timeout 20s;
      proxy_next_upstream error timeout http_503 non_idempotent;
    }
  }
}
`;
}
