import { apiKey, SERVER } from '../shell/api.js';
import { JSON_TYPE, mediaType, pathOf, type Target } from './questions.js';
import type { Photo } from './photos.js';

export const LANGUAGES = ['curl', 'Python', 'JavaScript'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a program asks: a model with a file beside it, or with an object of JSON. */
export interface Question {
  readonly target: Target;
  readonly type: string;
  /** The file's name; without it `json` is sent. */
  readonly file?: string;
  readonly json?: object;
}

export function questionAbout(target: Target, { file, name, url }: Photo): Question {
  return file ? { target, type: mediaType(file), file: name } : { target, type: JSON_TYPE, json: { url } };
}

/** The same request as a program: the key, if there is one, is taken from the environment and not shown. */
export function snippet(language: Language, { target, type, file, json }: Question): string {
  const address = SERVER + pathOf(target);
  return WRITERS[language]({ address, type, file, json, hasKey: apiKey.get() !== '' });
}

interface Written {
  readonly address: string;
  readonly type: string;
  readonly file?: string;
  readonly json?: object;
  readonly hasKey: boolean;
}

const WRITERS: Readonly<Record<Language, (written: Written) => string>> = {
  curl: ({ address, type, file, json, hasKey }) =>
    [
      `curl ${quotedForShell(address)}`,
      `-H ${quotedForShell(`Content-Type: ${type}`)}`,
      ...(hasKey ? ['-H "Authorization: Bearer $EYRIE_KEY"'] : []),
      file === undefined
        ? `--data-binary ${quotedForShell(JSON.stringify(json))}`
        : `--data-binary ${quotedForShell(`@${file}`)}`,
    ].join(' \\\n  '),
  Python: ({ address, type, file, json, hasKey }) =>
    [
      ...(hasKey ? ['import json, os, urllib.request'] : ['import json, urllib.request']),
      '',
      file === undefined
        ? `body = ${literal(JSON.stringify(json))}.encode()`
        : `body = open(${literal(file)}, "rb").read()`,
      `headers = {"Content-Type": ${literal(type)}}`,
      ...(hasKey ? ['headers["Authorization"] = f"Bearer {os.environ[\'EYRIE_KEY\']}"'] : []),
      `request = urllib.request.Request(${literal(address)}, data=body, headers=headers)`,
      'with urllib.request.urlopen(request) as response:',
      '    print(json.load(response))',
    ].join('\n'),
  JavaScript: ({ address, type, file, json, hasKey }) =>
    [
      ...(file === undefined ? [] : ["import { readFile } from 'node:fs/promises';", '']),
      `const response = await fetch(${literal(address)}, {`,
      "  method: 'POST',",
      `  headers: { 'Content-Type': ${literal(type)}${hasKey ? ', Authorization: `Bearer ${process.env.EYRIE_KEY}`' : ''} },`,
      file === undefined ? `  body: JSON.stringify(${literal(json)}),` : `  body: await readFile(${literal(file)}),`,
      '});',
      'console.log(await response.json());',
    ].join('\n'),
};

function quotedForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A literal of JSON is one of Python and of JavaScript, too, for text and for what is made of it. */
function literal(value: unknown): string {
  return JSON.stringify(value);
}
