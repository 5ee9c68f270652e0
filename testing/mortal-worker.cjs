// A worker that dies of some inputs: `die…` crashes the process, `loop…` never comes back. To all others it answers what it was asked.
const { serveTasks } = require('../dist/libs/inference/src/worker');

const task = {
  load: () => ({
    fixedBatch: null,
    warmUp: () => Promise.resolve({}),
    prepare: (items) => ({
      prepare: () => Promise.resolve({}),
      run: async (ready, { onRan }) => {
        const said = ready.map((item) => Buffer.from(items[item].payload[0]).toString());
        if (said.some((text) => text.startsWith('die'))) process.kill(process.pid, 'SIGSEGV');
        while (said.some((text) => text.startsWith('loop')));
        await new Promise((resolve) => setTimeout(resolve, 5));
        onRan();
        return said.map((output) => ({ output }));
      },
    }),
  }),
};

serveTasks(new Map([['echo', () => Promise.resolve(task)]]));
