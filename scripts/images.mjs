// The images of others that the project names: each by its version, for people, and by its digest, which nobody can move.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './prepare.mjs';

export const DOCKERFILE = 'Dockerfile';
export const COMPOSE_FILE = 'docker-compose.yml';

const DIGEST = /@sha256:[0-9a-f]{64}/;
/** The project's own, which is built. */
const OWN = /^eyrie:/;

/** Names of images as they stand in both files; not those of the stages of a build. */
export function namedImages() {
  const dockerfile = [...read(DOCKERFILE).matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, name]) => name);
  const compose = [...read(COMPOSE_FILE).matchAll(/^ *image: *(\S+)/gm)].map(([, name]) => name);
  return [...dockerfile, ...compose.filter((name) => !OWN.test(name))];
}

/** Those that somebody else could put another image under, or that do not say which version they are. */
export function looseImages() {
  return namedImages().filter((name) => !/^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/.test(name));
}

/**
 * Copies one of the files, without digests: for machines that reach no registry of images and have stand-ins under these names, which have
 * other digests.
 * @returns where the copy is
 */
export function withoutDigests(file, change = (text) => text) {
  const copy = join(root, '.cache/without-digests', file);
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, change(read(file).replaceAll(new RegExp(DIGEST, 'g'), '')));
  return copy;
}

function read(file) {
  return readFileSync(join(root, file), 'utf8');
}
