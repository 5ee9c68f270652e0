import { accessibilityFindings, openTab } from './browser.mjs';
import { none } from './try.mjs';

/** A server that wants a key for looking, that goes away, and that comes back. */
export async function keyFlow({ browser, url, held, key, stop, restart }) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console#/models`);
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  held('looking asks for a key where it needs one', true);
  held('axe-core finds nothing on the question for a key', ...none(await accessibilityFindings(page)));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Enter a key' }).last().waitFor();
  held('without one the page says so, and does not ask again by itself', (await dialog.count()) === 0);
  await page.getByRole('button', { name: 'Enter a key' }).last().click();
  await dialog.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByText('READY').first().waitFor();
  held('with one it looks', true);

  await stop();
  await page.getByText('The server does not answer').waitFor();
  held('a server that goes away is said, and what was known stays', (await page.getByText('READY').count()) > 0);
  await restart();
  await page.getByText('The server does not answer').waitFor({ state: 'hidden' });
  await page.getByText('READY').first().waitFor();
  held('it comes back without a reload', true);
  held('the key flow complains of nothing', ...none(page.complaints.filter((text) => !/ERR_CONNECTION/.test(text))));
  await page.context().close();
}
