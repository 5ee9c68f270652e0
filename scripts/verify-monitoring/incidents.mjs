// What goes wrong on purpose, one after the other: each must set off its alerts, and they must end when it is over.
import { setTimeout as sleep } from 'node:timers/promises';

export const incidents = [
  {
    what: 'workers that are killed again and again',
    alerts: ['EyrieWorkerRestarting'],
    async provoke(server) {
      const all = await server.readyWorkers();
      for (let i = 0; i < 4; i++) {
        const killed = server.workers;
        for (const pid of killed) process.kill(pid, 'SIGKILL');
        // Until the server has noticed, it counts them as ready. One that is only starting is none that can be lost. On a busy
        // machine a start takes long, but two rounds must fit into the alert's window.
        const replaced = async () =>
          !killed.some((pid) => server.workers.includes(pid)) && (await server.readyWorkers()) >= all;
        for (let wait = 0; wait < 80 && !(await replaced()); wait++) await sleep(250);
      }
    },
    mend: () => undefined,
  },
  {
    what: 'a policy that names a version whose file is damaged',
    alerts: ['EyrieModelFailed', 'EyrieRegistryProblem'],
    provoke(server) {
      server.addBroken(4);
      server.writePolicy({ aliases: { champion: 2, next: 4 } });
    },
    mend(server) {
      server.writePolicy({});
      server.remove(4);
    },
  },
  {
    what: 'a canary that disagrees more often than it may',
    alerts: ['EyrieCanaryRolledBack'],
    provoke(server) {
      server.writePolicy({ guard: { min_requests: 5, max_disagreement: 0 } });
    },
    mend(server) {
      server.seePolicy();
      server.writePolicy({});
    },
  },
  {
    what: 'more clients than the queue has room for',
    alerts: ['EyrieQueueSaturated', 'EyrieOverloaded', 'EyrieErrorBudgetBurn'],
    makesErrors: true,
    provoke(server) {
      this.stop = server.load(48, '/v1/predict?version=2');
    },
    async mend() {
      await this.stop();
    },
  },
  {
    what: 'a server that is stopped',
    alerts: ['EyrieDown', 'EyrieInstanceDown'],
    provoke: (server) => server.stop(),
    mend: (server) => server.start(),
  },
];
