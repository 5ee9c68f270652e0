// `npm start`: sets up what is missing and serves the bundled models.
import { prepare } from './prepare.mjs';
import { runBuilt } from './run-built.mjs';

prepare();
runBuilt('apps/server/src/main.js', process.argv.slice(2));
