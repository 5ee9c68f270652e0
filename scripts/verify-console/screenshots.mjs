import { join } from 'node:path';
import { accessibilityFindings, openTab } from './browser.mjs';
import { HOSTILE, MODEL } from './registry.mjs';
import { chooseModel } from './tables.mjs';
import { send } from './traffic.mjs';
import { none } from './try.mjs';

const WIDTHS = [360, 1024, 1600];
const SCHEMES = ['light', 'dark'];

/** Every page, at each width and in each theme, for people to look at; nothing may be wider than the window. */
export async function drawAll({ browser, url, held, folder }) {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      const page = await openTab(browser, url, { width, scheme });
      const draw = async (name) => {
        await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        held(`${name} fits ${width} px, ${scheme}`, over <= 0, `${over} px too wide`);
        held(`axe-core finds nothing on ${name}, ${width} px, ${scheme}`, ...none(await accessibilityFindings(page)));
      };
      for (const [name, path, prepare] of PICTURES) {
        // Another part of the same address alone would keep what was there.
        await page.goto('about:blank');
        await page.goto(`${url}/console${path}`);
        await prepare(page, url);
        await draw(name);
      }
      await page.context().close();
    }
  }
}

const sample = (page, name) =>
  page
    .getByRole('button', { name: `Sample ${name}`, exact: true })
    .first()
    .click();
const answered = (page, count) =>
  page.waitForFunction((wanted) => document.querySelectorAll('.card .request-id').length === wanted, count);

/** What is drawn: a name, where it is, and what is done there first. */
const PICTURES = [
  [
    'try',
    '#/try',
    async (page) => {
      await sample(page, 'ship.png');
      await answered(page, 1);
    },
  ],
  [
    'side-by-side',
    '#/try',
    async (page) => {
      await page.getByRole('checkbox', { name: 'Version 2' }).check();
      await page.getByRole('checkbox', { name: `Version ${HOSTILE}` }).check();
      await sample(page, 'bird.webp');
      await sample(page, 'ship.png');
      await answered(page, 3);
      await page.getByText('The same request as code').first().click();
    },
  ],
  [
    'table',
    '#/try',
    async (page) => {
      await chooseModel(page, 'breast-cancer');
      await page.getByRole('button', { name: 'Sample row 1' }).click();
      await page.getByRole('button', { name: 'Ask', exact: true }).click();
      await answered(page, 1);
    },
  ],
  ['models', '#/models', (page) => page.getByText('READY').first().waitFor()],
  [
    'traffic',
    `#/traffic/${MODEL}`,
    async (page, url) => {
      await page.getByText('Agrees').waitFor();
      await page.getByText('Measured: nothing yet').waitFor();
      await page.waitForTimeout(500);
      await send(url, 12);
      await page.getByText(/Measured on \d+ requests/).waitFor();
      await page.locator('section', { hasText: 'History of the policy' }).locator('summary').first().click();
    },
  ],
  ['health', '#/health', (page) => page.locator('.plot canvas').nth(5).waitFor()],
  [
    'model',
    `#/models/${MODEL}`,
    async (page) => {
      await page.getByText('Size of the file').first().waitFor();
      await page.getByText('Model card').first().click();
      await page.getByText('Add a version').click();
    },
  ],
];
