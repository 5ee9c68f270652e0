// What a program does that uses the types that openapi-typescript made, with openapi-fetch: URL SAMPLES MODEL. It is compiled before,
// strictly, so that a type that does not fit is found. Prints one line of JSON for each question.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Schemas = components['schemas'];

const [url, samples, model] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: url });
const ship = await readFile(join(samples, 'ship.png'));
const cat = await readFile(join(samples, 'cat.jpg'));
const query = { model };

function tell(what: string, said: object): void {
  console.log(JSON.stringify({ what, ...said }));
}

/** A field is text in the types whatever its format is; the form is put together by hand, as openapi-fetch advises. */
function form(field: string, ...pictures: [bytes: Uint8Array<ArrayBuffer>, name: string, type: string][]): FormData {
  const data = new FormData();
  for (const [bytes, name, type] of pictures) data.append(field, new Blob([bytes], { type }), name);
  return data;
}

/** @throws when it was refused */
function good<T>({ data, error }: { data?: T; error?: Schemas['Problem'] }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  return data;
}

const best = ({ predictions }: Pick<Schemas['PredictResponse'], 'predictions'>): string | undefined =>
  predictions?.[0]?.label;

const byForm = good(
  await client.POST('/v1/models/{model}/predict', {
    params: { path: { model }, query: { top_k: 2 } },
    body: { file: '' },
    bodySerializer: () => form('file', [new Uint8Array(ship), 'ship.png', 'image/png']),
  }),
);
tell('a form', { label: best(byForm), count: byForm.predictions?.length });

const json: Schemas['ImageJson'] = { image: cat.toString('base64') };
tell('base64', { label: best(good(await client.POST('/v1/predict', { params: { query }, body: json }))) });

const raw = await client.POST('/v1/predict', {
  params: { query },
  body: '',
  bodySerializer: () => new Uint8Array(ship),
  headers: { 'Content-Type': 'application/octet-stream' },
});
tell('the bytes', { label: best(good(raw)) });

const files = await client.POST('/v1/predict/batch', {
  params: { query },
  body: { files: [] },
  bodySerializer: () =>
    form('files', [new Uint8Array(ship), 'ship.png', 'image/png'], [new Uint8Array(cat), 'cat.jpg', 'image/jpeg']),
});
tell('a batch by form', { labels: good(files).results.map(best) });

const items: Schemas['BatchJson']['items'] = [{ image: ship.toString('base64') }, { image: 'bm90IGEgcGljdHVyZQ==' }];
const { results } = good(await client.POST('/v1/predict/batch', { params: { query }, body: { items } }));
tell('a batch as JSON', { label: best(results[0]!), error: results[1]?.error?.code });

const info: Schemas['VersionDto'] = good(await client.GET('/v1/model/info', { params: { query } }));
tell('the model', { model: info.model, version: info.version, state: info.state });
tell('the models', {
  names: good(await client.GET('/v1/models'))
    .models.map(({ name }) => name)
    .sort(),
});

for (const [what, other, image] of [
  ['no such model', 'nobody', cat.toString('base64')],
  ['no picture', model, 'bm90IGEgcGljdHVyZQ=='],
] as const) {
  const { error, response } = await client.POST('/v1/predict', {
    params: { query: { model: other } },
    body: { image },
  });
  const code: Schemas['Problem']['code'] | undefined = error?.code;
  tell(what, { status: response.status, code });
}
