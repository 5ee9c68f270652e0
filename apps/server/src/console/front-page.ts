import { ICON_SVG } from './icon';

/** What the front page says of a model. */
export interface ListedModel {
  readonly name: string;
  /** What answers when a request does not say: an alias, or a version's number. */
  readonly default: number | string;
  readonly versions: readonly { version: number; state: string; aliases: readonly string[] }[];
}

/**
 * Where everything is, by what it is for. Relative to `/`, so that they hold behind a proxy that serves the server under a prefix.
 */
export const LINKS = {
  predict: 'v1/predict',
  batch: 'v1/predict/batch',
  models: 'v1/models',
  documentation: 'docs',
  openapi: 'openapi.json',
  health: 'health',
  metrics: 'metrics',
} as const;

/**
 * The page that a browser gets at `/` where there is no console. Without scripts, so that the strictest content security policy lets it work.
 * @param models those that are served, or undefined where looking at them needs a key
 */
export function frontPage(version: string, models: readonly ListedModel[] | undefined): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Eyrie</title>
<link rel="icon" href="favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="front-page.css">
</head>
<body>
<header>${ICON_SVG}<h1>Eyrie</h1><p>version ${escape(version)}</p></header>
<main>
<section>
<h2>Ask for a prediction</h2>
<form method="post" action="${LINKS.predict}" enctype="multipart/form-data">
<label>A picture: JPEG, PNG, WebP or GIF<input type="file" name="file" accept="image/*" required></label>
<button>Predict</button>
</form>
<p>or on a command line: <code>curl -F file=@picture.jpg <i>this address</i>/${LINKS.predict}</code></p>
</section>
<section>
<h2>Models</h2>
${models === undefined ? '<p>Which models are served is shown to whoever has a key.</p>' : modelTable(models)}
</section>
<nav>
<h2>More</h2>
<ul>
<li><a href="${LINKS.documentation}">API documentation</a>, to try out
<li><a href="${LINKS.openapi}">OpenAPI description</a>, to generate clients from
<li><a href="${LINKS.health}">Health</a>
<li><a href="${LINKS.metrics}">Metrics</a>
</ul>
</nav>
</main>
</body>
</html>
`;
}

function modelTable(models: readonly ListedModel[]): string {
  if (models.length === 0) return '<p>None yet.</p>';
  const rows = models.flatMap((model) =>
    model.versions.map(
      ({ version, state, aliases }, i) =>
        `<tr><th scope="row">${i === 0 ? escape(model.name) : ''}</th><td>${version}</td><td>${escape(aliases.join(', '))}` +
        `${isDefault(model, version, aliases) ? ' <b>default</b>' : ''}</td><td class="${escape(state)}">${escape(state)}</td></tr>`,
    ),
  );
  return `<table>
<thead><tr><th>model</th><th>version</th><th>aliases</th><th>state</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

function isDefault(model: ListedModel, version: number, aliases: readonly string[]): boolean {
  return model.default === version || aliases.includes(String(model.default));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

export const FRONT_PAGE_CSS = `:root { color-scheme: light dark; --line: #8884; --strong: #2f6f95; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
header { display: flex; align-items: center; gap: .75rem; padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
header svg { width: 2.5rem; height: 2.5rem; }
header h1 { margin: 0; font-size: 1.5rem; }
header p { margin: 0 0 0 auto; opacity: .7; }
main { max-width: 50rem; margin: 0 auto; padding: 0 1.5rem 3rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
form { display: flex; flex-wrap: wrap; align-items: end; gap: 1rem; }
label { display: grid; gap: .25rem; }
button { font: inherit; padding: .35rem 1.25rem; border: 0; border-radius: .4rem; color: #fff; background: var(--strong); cursor: pointer; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { opacity: .7; font-size: .9rem; }
td.READY { color: light-dark(#17713a, #5fce8a); }
td.FAILED { color: light-dark(#b3261e, #ff8a80); }
code { overflow-wrap: anywhere; }
a { color: inherit; text-decoration-color: var(--strong); text-underline-offset: .2em; }
`;
