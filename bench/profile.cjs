// Preloaded into the server and its workers: writes a CPU profile when the process ends. `--cpu-prof` does the same, but
// workers take no flags from the server, and NODE_OPTIONS does not take that one before Node 22.
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { join } = require('node:path');

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.on('exit', () => {
  session.post('Profiler.stop', (error, result) => {
    if (error) return;
    writeFileSync(join(process.env.EYRIE_PROFILE, `${process.pid}.cpuprofile`), JSON.stringify(result.profile));
  });
});
