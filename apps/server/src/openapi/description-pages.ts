import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { OpenAPIObject } from '@nestjs/swagger';
import { madeOnce, type MakePage } from '../pages/page';
import { inYaml } from './in-yaml';

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Where NestJS's Swagger finds its own; nothing else of that package is anybody's business. */
const assets = createRequire(require.resolve('@nestjs/swagger'));
const asset = (name: string) => () => readFile(assets.resolve(`swagger-ui-dist/${name}`));

/** The description as JSON and as YAML, and Swagger UI, which shows it, by their paths. */
export function descriptionPages(document: OpenAPIObject): Map<string, MakePage> {
  const pages: [path: string, type: string, make: () => string | Promise<string | Buffer>][] = [
    ['/openapi.json', 'application/json; charset=utf-8', () => JSON.stringify(document)],
    ['/openapi.yaml', 'text/yaml; charset=utf-8', () => inYaml(document)],
    // Seen from /docs, what belongs to it is in docs/; seen from /docs/, it is beside it.
    ['/docs', HTML, () => swaggerHtml('docs/')],
    ['/docs/', HTML, () => swaggerHtml('')],
    ['/docs/index.html', HTML, () => swaggerHtml('')],
    ['/docs/page.css', STYLE, () => PAGE_STYLE],
    ['/docs/swagger-ui-init.js', SCRIPT, () => INIT_SCRIPT],
    ['/docs/swagger-ui.css', STYLE, asset('swagger-ui.css')],
    ['/docs/swagger-ui-bundle.js', SCRIPT, asset('swagger-ui-bundle.js')],
    ['/docs/swagger-ui-standalone-preset.js', SCRIPT, asset('swagger-ui-standalone-preset.js')],
    ['/docs/favicon-16x16.png', 'image/png', asset('favicon-16x16.png')],
    ['/docs/favicon-32x32.png', 'image/png', asset('favicon-32x32.png')],
  ];
  return new Map(pages.map(([path, type, make]) => [path, madeOnce(type, make)]));
}

const swaggerHtml = (base: string): string => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <title>Eyrie API</title>
    <link rel="stylesheet" href="${base}swagger-ui.css" />
    <link rel="stylesheet" href="${base}page.css" />
    <link rel="icon" type="image/png" href="${base}favicon-32x32.png" sizes="32x32" />
    <link rel="icon" type="image/png" href="${base}favicon-16x16.png" sizes="16x16" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${base}swagger-ui-bundle.js"></script>
    <script src="${base}swagger-ui-standalone-preset.js"></script>
    <script src="${base}swagger-ui-init.js"></script>
  </body>
</html>
`;

const PAGE_STYLE = `body { margin: 0; background: #fafafa; }
.swagger-ui .topbar .download-url-wrapper { display: none; }
`;

// The description lies beside /docs, whatever prefix a proxy puts before both.
const INIT_SCRIPT = `const url = new URL('../openapi.json', document.currentScript.src).href;
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url,
    dom_id: '#swagger-ui',
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: 'StandaloneLayout',
    tryItOutEnabled: true,
    displayRequestDuration: true,
  });
};
`;
