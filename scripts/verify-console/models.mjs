import { join } from 'node:path';
import { accessibilityFindings, openTab } from './browser.mjs';
import { BROKEN, HOSTILE, MODEL } from './registry.mjs';
import { none } from './try.mjs';

/** What is served, why not, and changes of it. */
export async function modelsFlow({ browser, url, held, key, registry }) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console#/models`);
  const row = page.locator('tr', { hasText: `as version ${BROKEN}` });
  await row.waitFor();
  // Why stands in the row below.
  const why = page.locator('tr', { hasText: `as version ${BROKEN}` }).locator('xpath=following-sibling::tr[1]');
  const said = `${await row.innerText()} ${await why.innerText()}`;
  held('a version that is broken is FAILED, and it says why', /FAILED[^]*model\.onnx has 11 bytes/.test(said), said);
  held('axe-core finds nothing on Models', ...none(await accessibilityFindings(page)));

  await page.getByRole('link', { name: MODEL }).click();
  const panel = page.getByRole('article', { name: `Version ${HOSTILE}`, exact: true });
  await panel.getByText('Model card').click();
  held('the model card is there', /sha256/.test(await panel.innerText()));
  held('axe-core finds nothing on a model', ...none(await accessibilityFindings(page)));

  await panel.getByRole('button', { name: 'Unload' }).click();
  const dialog = page.getByRole('dialog');
  held('unloading says in words what will happen', /answer what they have and end/.test(await dialog.innerText()));
  await dialog.getByRole('button', { name: 'Unload it' }).click();
  await dialog.getByLabel('API key').waitFor();
  held('a key is asked for when it is needed', true);
  await dialog.getByLabel('API key').fill('no-such-key');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await dialog.getByText('not known here').waitFor();
  held('a wrong key is refused, and asked for again', true);
  await dialog.getByLabel('API key').fill(key);
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await panel.getByText('UNLOADED').waitFor();
  held('a version is unloaded', true);
  await panel.getByRole('button', { name: 'Load', exact: true }).click();
  await dialog.getByRole('button', { name: 'Load it' }).click();
  await panel.getByText('READY').waitFor();
  held('a version is loaded', true);
  held('the key is in no address', !page.url().includes(key));
  held(
    'the key is kept for this tab alone',
    await page.evaluate(
      (secret) => sessionStorage.getItem('eyrie-key') === secret && localStorage.length === 0 && document.cookie === '',
      key,
    ),
  );
  await addModel(page, held, registry, () => refresh(url, key));
  held('Models complains of nothing', ...none(page.complaints));
  await page.context().close();
}

/** What the server does every few seconds where it is not told otherwise. */
const refresh = (url, key) =>
  fetch(`${url}/v1/registry/refresh`, { method: 'POST', headers: { Authorization: `Bearer ${key}` } });

async function addModel(page, held, registry, look) {
  await page.getByRole('link', { name: 'Models' }).first().click();
  const form = page.locator('details.add');
  await form.getByText('Add a model').click();
  await form.getByLabel('Name of the model').fill('uploaded');
  const version = join(registry, MODEL, '1');
  await form.locator('input[accept=".onnx"]').setInputFiles(join(version, 'model.onnx'));
  await form.getByLabel('Labels').setInputFiles(join(version, 'labels.txt'));
  await form.getByLabel('How images are prepared').selectOption('cifar10');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await form.getByText('version 1 is there').waitFor();
  await look();
  await page.locator('tr', { hasText: 'uploaded' }).getByText('READY').waitFor();
  held('a model is added by its ONNX file, and served', true);
}
