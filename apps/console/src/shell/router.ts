import { createStore } from './store.js';

/** `#/models/resnet-cifar10` → `["models", "resnet-cifar10"]`: behind the `#`, so that the server has one page only. */
export const place = createStore<readonly string[]>(placeOf(location.hash));

window.addEventListener('hashchange', () => place.set(placeOf(location.hash)));

export function linkTo(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

function placeOf(hash: string): readonly string[] {
  return hash
    .replace(/^#?\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
