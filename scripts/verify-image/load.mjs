import { Agent, request } from 'node:http';

/**
 * Clients that send one image after the other over kept-alive connections, until `enough` says so.
 * An answer is right when its status is 200 and its first label is the one expected. A refused connection is counted by itself:
 * nobody accepted that request.
 */
export class Load {
  answered = 0;
  refused = 0;
  /** What went wrong → how often. */
  failures = new Map();
  seconds = 0;

  /** @param target { url, body, type, label }, or a function that returns one for each request; any label without one */
  constructor(target, clients) {
    this.target = target;
    this.clients = clients;
    this.agent = new Agent({ keepAlive: true, maxSockets: clients });
  }

  get failed() {
    return [...this.failures.values()].reduce((sum, times) => sum + times, 0);
  }

  /** @param enough is asked before each request; @param onRefused ends a client when it returns true */
  async run(enough, onRefused = () => false) {
    const start = performance.now();
    const client = async () => {
      while (!enough(this)) {
        const problem = await this.ask();
        if (problem === undefined) this.answered++;
        else if (problem === 'ECONNREFUSED') {
          this.refused++;
          if (onRefused()) return;
        } else this.failures.set(problem, (this.failures.get(problem) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: this.clients }, client));
    this.seconds = (performance.now() - start) / 1000;
    this.agent.destroy();
    return this;
  }

  /** One request. @returns undefined, or what is wrong with its answer */
  ask() {
    const { url, body, type, label } = typeof this.target === 'function' ? this.target() : this.target;
    return new Promise((resolve) => {
      const headers = { 'content-type': type, 'content-length': body.length };
      const sent = request(url, { method: 'POST', agent: this.agent, headers, timeout: 60_000 }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', (error) => resolve(error.code ?? error.message));
        response.on('end', () => resolve(judge(response.statusCode, Buffer.concat(chunks), label)));
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer within 60 s')));
      sent.on('error', (error) => resolve(error.code ?? error.message));
      sent.end(body);
    });
  }
}

function judge(status, body, label) {
  if (status !== 200) return `${status} ${body.toString().slice(0, 200)}`;
  const first = JSON.parse(body).predictions[0].label;
  return first === (label ?? first) ? undefined : `200 with ${first}`;
}
