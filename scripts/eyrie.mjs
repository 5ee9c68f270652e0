// The command line in a checkout, for `./eyrie …` and `npm run eyrie -- …`: sets up what is missing and runs it in this process.
import { createRequire } from 'node:module';
import { prepare } from './prepare.mjs';

// npm starts its scripts in the project's folder; what a person types is relative to where they stand.
if (process.env.npm_lifecycle_event === 'eyrie' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
// A person who waits is told what for; a program that reads both streams gets nothing but what the command says.
prepare({ quiet: !process.stderr.isTTY });
process.setSourceMapsEnabled(true);
createRequire(import.meta.url)('../dist/apps/cli/src/main.js');
