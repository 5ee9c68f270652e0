import { openTab } from './browser.mjs';

const MOST_BYTES = 200_000;
const LATEST_MS = 20_000;

/** What the page and all its files weigh as they are sent, and when the first page can be seen. */
export async function weigh({ browser, url, held }) {
  const page = await openTab(browser, url);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  let total = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (total += encodedDataLength));
  // What the machine does for the first time is not the page's.
  for (const hash of ['', '#/models', '#/traffic', '#/health']) {
    await page.goto(`${url}/console${hash}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
  }
  const sent = total;
  const loaded = [];
  for (let i = 0; i < 5; i += 1) {
    await page.goto('about:blank');
    await page.goto(`${url}/console`);
    await page.getByRole('heading', { name: 'Who answers' }).waitFor();
    loaded.push(
      await page.evaluate(() => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        return { painted: paint?.startTime ?? 0, ready: performance.now() };
      }),
    );
  }
  loaded.sort((a, b) => a.ready - b.ready);
  const { painted, ready } = loaded[2];
  console.log(
    `all pages, their scripts, styles and pictures: ${(sent / 1000).toFixed(1)} KB over the wire, headers included`,
  );
  console.log(
    `median of five visits: first paint after ${Math.round(painted)} ms, first view with the models after ${Math.round(ready)} ms`,
  );
  held(`weighs less than ${MOST_BYTES / 1000} KB`, sent < MOST_BYTES, `${sent} bytes`);
  // Printed for people: a machine that is busy with other things takes many times as long, and the page is as it was.
  held(`the first view is there within ${LATEST_MS / 1000} s on any machine`, ready < LATEST_MS, `${ready} ms`);
  await page.context().close();
}
