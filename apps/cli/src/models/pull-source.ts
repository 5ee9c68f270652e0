import { fileURLToPath } from 'node:url';
import { type AddRequest, type CatalogEntry, shownUrl, sourcesOf, type WantedFile } from '#authoring';
import { MODEL_NAME } from '#registry';
import { Failure } from '../failure';
import { UsageError } from '../usage-error';

/** What is to be fetched, and what is known of it. */
export interface PullSource {
  /** A local file that nobody gave a checksum for is used as it is. */
  file: WantedFile | string;
  /** Instead of what the user says. */
  about: Pick<AddRequest, 'description' | 'license' | 'labels' | 'preset' | 'source'>;
  name: string;
}

const SHA256 = /^[0-9a-f]{64}$/;

export function isUrl(what: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(what);
}

/** @throws Failure when the catalog has no such model */
export function catalogSource(name: string, entries: readonly CatalogEntry[], mirror?: string): PullSource {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) {
    const similar = entries.filter((candidate) => candidate.name.startsWith(name)).map((found) => found.name);
    const hint = similar.length > 0 ? `did you mean ${similar.join(', ')}?` : 'see "eyrie models catalog"';
    throw new Failure(`the catalog has no model "${name}"; ${hint}`);
  }
  const { sha256, bytes, description, license, labels, preset, urls } = entry;
  return {
    file: { urls: sourcesOf(entry, mirror), sha256, bytes },
    about: { description, license, labels, preset, source: urls[0] },
    name,
  };
}

/** @throws UsageError when it is no URL to fetch from, or has no checksum although it comes over the network */
export function urlSource(text: string, sha256?: string): PullSource {
  if (!URL.canParse(text)) throw new UsageError(`"${text}" is no URL`);
  const url = new URL(text);
  if (!['https:', 'http:', 'file:'].includes(url.protocol)) {
    throw new UsageError(`cannot pull from ${url.protocol} URLs; give one that begins with https:, http: or file:`);
  }
  const about = { source: shownUrl(url) };
  const name = nameIn(url);
  if (sha256 !== undefined) return { file: { urls: [url], sha256: parseSha256(sha256) }, about, name };
  if (url.protocol !== 'file:') {
    throw new UsageError(`say with --sha256 what ${shownUrl(url)} must give: its publisher's 64 hex digits`);
  }
  return { file: pathOf(url), about, name };
}

function parseSha256(text: string): string {
  const digits = text.toLowerCase();
  if (!SHA256.test(digits)) throw new UsageError(`--sha256 must be 64 hex digits, not "${text}"`);
  return digits;
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new UsageError(`${url.href} names no file here: ${(error as Error).message}`);
  }
}

/** `https://host/My%20Net.onnx` → `my-net`, or the empty string when there is nothing to make a name of. */
function nameIn({ pathname }: URL): string {
  const last = pathname.split('/').at(-1)!.replace(/%20/g, ' ');
  const name = last
    .replace(/\.onnx$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 100);
  return MODEL_NAME.test(name) ? name : '';
}
