// `node scripts/release-notes.mjs v1.2.3`: prints what CHANGELOG.md says about a version, and fails when the changelog,
// package.json and the tag do not agree. A section begins with `## 1.2.3, 2026-11-21`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const [tag = ''] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const { version: packaged } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (!/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(tag)) fail(`"${tag}" is no tag of a version, such as v1.2.3`);
if (version !== packaged) fail(`the tag is ${tag}, but package.json has version ${packaged}`);

const [, ...sections] = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
const section = sections.find((text) => text.split(/[\s,]/, 1)[0] === version);
if (!section) fail(`CHANGELOG.md has no section "## ${version}, <date>"`);
const [heading, ...lines] = section.split('\n');
if (!/, \d{4}-\d\d-\d\d$/.test(heading)) fail(`CHANGELOG.md calls it "${heading}"; give it the date of its release`);
const notes = lines.join('\n').trim();
if (!notes) fail(`CHANGELOG.md says nothing about ${version}`);
console.log(notes);

function fail(message) {
  console.error(message);
  process.exit(1);
}
