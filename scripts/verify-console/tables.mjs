import { accessibilityFindings, openTab } from './browser.mjs';
import { none } from './try.mjs';

export async function chooseModel(page, name) {
  await page.getByRole('combobox', { name: 'Model' }).selectOption(name);
}

/** A row of a table in, its class or its value out. */
export async function tableFlow({ browser, url, held }) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console#/try`);
  await chooseModel(page, 'breast-cancer');
  await page.getByRole('button', { name: 'Sample row 2' }).click();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const answer = page.getByRole('article', { name: /^As the traffic goes:/ });
  await answer.locator('.request-id').waitFor();
  const best = await answer.locator('.bars li').first().innerText();
  held('a row of a table in, its class out', best.startsWith('malignant'), best);

  await chooseModel(page, 'diabetes');
  await page.getByRole('button', { name: 'Sample row 1' }).click();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await answer.locator('.value').waitFor();
  const value = await answer.locator('.value').innerText();
  held('a row in, its value and what it is out', /^\d+\.\d+\s+progression$/.test(value), value);

  await page.getByLabel('bmi').fill('much');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const wrong = answer.getByRole('alert');
  await wrong.waitFor();
  held('a text in place of a number is said to be none', /bmi.*number/.test(await wrong.innerText()));
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.waitForFunction(() => /age/.test(document.querySelector('[role=alert]')?.textContent ?? ''));
  held('an empty field is said to be missing', true);
  held('axe-core finds nothing on the form', ...none(await accessibilityFindings(page)));
  held('the form complains of nothing', ...none(page.complaints));
  await page.context().close();
}
