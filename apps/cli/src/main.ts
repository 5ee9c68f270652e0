#!/usr/bin/env node
import 'reflect-metadata';
import { run } from './run';

// Whoever reads only the beginning, as `head` does, has what they wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void run(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
  // A worker that has not been stopped, or somebody's answer that is still awaited, must not hold up one who has failed.
  if (code !== 0) process.exit();
});
