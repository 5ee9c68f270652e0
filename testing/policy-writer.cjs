// Sets the alias `champion` of the model `m` to version 2, and is killed at a step of that, as FaultyFiles counts them: FOLDER STEP.
const fs = require('node:fs/promises');
const { FolderStore, LocalFiles, draftChange, setAlias } = require('#registry');

const [folder, failing] = process.argv.slice(2);
let steps = 0;

const watch = (real) =>
  new Proxy(real, {
    get: (target, key) => {
      const call = (...args) => target[key](...args);
      if (typeof target[key] !== 'function' || key === 'close')
        return typeof target[key] === 'function' ? call : target[key];
      return async (...args) => {
        if (++steps === Number(failing)) {
          if (key === 'writeFile') await call(args[0].slice(0, args[0].length / 2));
          process.kill(process.pid, 'SIGKILL');
          await new Promise(() => undefined);
        }
        const result = await call(...args);
        return key === 'open' ? watch(result) : result;
      };
    },
  });

void (async () => {
  const { before, record } = await draftChange(await FolderStore.open(folder), 'm', setAlias('champion', 2));
  await (await FolderStore.open(folder, new LocalFiles(watch(fs)))).writePolicy('m', record, before);
})();
