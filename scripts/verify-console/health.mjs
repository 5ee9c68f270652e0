import { accessibilityFindings, openTab } from './browser.mjs';
import { none } from './try.mjs';

/** The last hour, drawn from what the server keeps itself. */
export async function healthFlow({ browser, url, held }) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console#/health`);
  await page.locator('.plot canvas').nth(5).waitFor();
  held('the last hour is drawn, in six charts', (await page.locator('.plot canvas').count()) === 6);
  held('a replica says which one it is', /Replica\s+\S+/.test(await page.locator('main').innerText()));
  const memory = page.getByRole('region', { name: 'Memory' });
  held(
    'the memory of server and workers is there',
    /server \d+ MB[\s\S]*workers \d+ MB/.test(await memory.innerText()),
    await memory.innerText(),
  );
  held('axe-core finds nothing on Health', ...none(await accessibilityFindings(page)));
  held('Health complains of nothing', ...none(page.complaints));
  await page.context().close();
}
