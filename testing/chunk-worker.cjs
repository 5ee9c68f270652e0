// A worker whose task answers in several chunks: what it is asked with, one letter each `pauseMs`, until it is called back.
const { serveTasks } = require('../dist/libs/inference/src/worker');

const task = {
  load: () => ({
    fixedBatch: 1,
    warmUp: () => Promise.resolve({}),
    prepare: (items) => ({
      prepare: () => Promise.resolve(),
      run: async ([item], { onChunk, onRan }) => {
        const { params, payload, signal } = items[item];
        let said = '';
        for (const letter of Buffer.from(payload[0]).toString()) {
          if (signal.aborted) return [{ code: 'DEADLINE_EXCEEDED', detail: 'called back' }];
          await new Promise((resolve) => setTimeout(resolve, params.pauseMs));
          onChunk(item, letter);
          said += letter;
        }
        onRan();
        return [{ output: said }];
      },
    }),
  }),
};

serveTasks(new Map([['spelling', () => Promise.resolve(task)]]));
