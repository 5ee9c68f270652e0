// `npm run eyrie -- …`: sets up what is missing and runs the command line.
import { prepare } from './prepare.mjs';
import { runBuilt } from './run-built.mjs';

prepare();
runBuilt('apps/cli/src/main.js', process.argv.slice(2));
