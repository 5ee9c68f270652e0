import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { accessibilityFindings, openTab } from './browser.mjs';
import { HOSTILE, HOSTILE_LABEL } from './registry.mjs';

const SHIP = join(root, 'samples/ship.png');
const answerOf = (page, title) => page.getByRole('article', { name: new RegExp(`^${title}:`) });

/** Photos in, labels out. */
export async function tryFlow({ browser, url, held }) {
  const page = await openTab(browser, url);
  await page.goto(url);
  held('/ leads a browser to the console', new URL(page.url()).pathname === '/console', page.url());
  await choosing(page, held);
  await otherWaysIn(page, held);
  await sideBySide(page, held);
  await badPhotos(page, held);
  await asCode(page, held);
  held('axe-core finds nothing on Try', ...none(await accessibilityFindings(page)));
  held('Try complains of nothing', ...none(page.complaints));
  await page.context().close();
  await byKeyboard(browser, url, held);
}

async function choosing(page, held) {
  await page.locator('input[type=file][multiple]').setInputFiles(SHIP);
  const answer = answerOf(page, 'As the traffic goes');
  await answer.locator('.request-id').waitFor();
  held('a photo in, its label out', (await answer.locator('.bars li').first().innerText()).startsWith('ship'));
  held('says where the time went', /inference/.test(await answer.locator('.legend').innerText()));
}

async function otherWaysIn(page, held) {
  await page.getByRole('button', { name: 'Clear' }).click();
  const base64 = readFileSync(SHIP).toString('base64');
  for (const kind of ['drop', 'paste']) {
    await page.evaluate(
      ([type, bytes]) => {
        const transfer = new DataTransfer();
        const content = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
        transfer.items.add(new File([content], `${type}.png`, { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        const event =
          type === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: transfer })
            : new ClipboardEvent('paste', { ...options, clipboardData: transfer });
        document.body.dispatchEvent(event);
      },
      [kind, base64],
    );
    await page
      .getByRole('article', { name: `As the traffic goes: ${kind}.png` })
      .locator('.request-id')
      .waitFor();
    held(`a photo by ${kind}`, true);
  }
  await page.getByPlaceholder('https://').fill('http://127.0.0.1:1/x.png');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const refused = answerOf(page, 'As the traffic goes').getByRole('alert');
  await refused.waitFor();
  held('a URL that must not be fetched is refused in words', /not public/.test(await refused.innerText()));
  await page.getByRole('button', { name: 'Clear' }).click();
}

async function sideBySide(page, held) {
  await page.getByRole('checkbox', { name: 'Version 2' }).check();
  await page.getByRole('checkbox', { name: `Version ${HOSTILE}` }).check();
  for (const sample of ['ship.png', 'cat.jpg'])
    await page
      .getByRole('button', { name: `Sample ${sample}`, exact: true })
      .first()
      .click();
  const rows = page.locator('table.photos tbody tr');
  await page.waitForFunction(() => document.querySelectorAll('table.photos td .number').length === 6);
  held('many photos make a table with the best classes', (await rows.count()) === 2);
  held(
    'where answers are the same, nothing is marked',
    (await rows.nth(0).locator('.tag').count()) === 0 && (await page.locator('.tag').count()) === 0,
  );
  await rows.nth(0).getByRole('button').click();
  const answer = answerOf(page, `Version ${HOSTILE}`);
  const label = await answer.locator('.bars li bdi').first().innerText();
  held(
    'a label with markup, right to left, of 2000 characters is text',
    HOSTILE_LABEL.startsWith(label.slice(0, 40)),
    label.slice(0, 80),
  );
  held('nothing of it was run', (await page.evaluate(() => globalThis.wasRun)) === undefined);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  held('it makes the page no wider', overflow <= 0, `${overflow} px`);
  const tallest = await rows.evaluateAll((all) => Math.max(...all.map((row) => row.getBoundingClientRect().height)));
  held('nor a row of the table higher', tallest < 100, `${tallest} px`);
  await page.getByRole('checkbox', { name: `Version ${HOSTILE}` }).uncheck();
  await page.getByRole('checkbox', { name: 'Version 2' }).uncheck();
  await page.getByRole('button', { name: 'Clear' }).click();
}

async function badPhotos(page, held) {
  const input = page.locator('input[type=file][multiple]');
  await input.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('{"not": "a photo"}') });
  const said = answerOf(page, 'As the traffic goes').getByRole('alert');
  await said.waitFor();
  held('of a photo that is none it says what it is', /JSON|text/.test(await said.innerText()), await said.innerText());
  const large = Buffer.concat([readFileSync(SHIP), Buffer.alloc(30_000_000, 7)]);
  await input.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: large });
  const tooLarge = page.getByRole('article', { name: 'As the traffic goes: large.png' }).getByRole('alert');
  await tooLarge.waitFor();
  held(
    'of 30 MB it says that they are too large',
    /large/i.test(await tooLarge.innerText()),
    await tooLarge.innerText(),
  );
  await page.getByRole('button', { name: 'Clear' }).click();
}

/** The programs that it shows are run as they stand. */
async function asCode(page, held) {
  await page.locator('input[type=file][multiple]').setInputFiles(SHIP);
  const answer = answerOf(page, 'As the traffic goes');
  await answer.locator('.request-id').waitFor();
  await answer.getByText('The same request as code').click();
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-console-code-'));
  cpSync(SHIP, join(folder, 'ship.png'));
  const programs = [
    ['curl', 'curl.sh', 'bash'],
    ['Python', 'ask.py', 'python3'],
    ['JavaScript', 'ask.mjs', process.execPath],
  ];
  try {
    for (const [language, file, program] of programs) {
      await answer.getByRole('button', { name: language, exact: true }).click();
      writeFileSync(join(folder, file), await answer.locator('pre').innerText());
      const printed = execFileSync(program, [file], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      held(
        `the same request as ${language} gives the same label`,
        /['"]?label['"]?: ?['"]ship/.test(printed),
        printed.slice(0, 200),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A sample chosen and answered without a mouse. */
async function byKeyboard(browser, url, held) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console`);
  await page.getByRole('button', { name: 'Sample airplane.jpg' }).waitFor();
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(() => document.activeElement?.querySelector('img')?.alt ?? '');
    if (label === 'Sample airplane.jpg') break;
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  await page.keyboard.press('Enter');
  const answer = answerOf(page, 'As the traffic goes');
  await answer.locator('.request-id').waitFor();
  held(
    'a photo is chosen and answered by the keyboard alone',
    /^airplane/.test(await answer.locator('.bars li').first().innerText()),
  );
  held('what has the focus is seen', outline !== 'none', outline);
  await page.context().close();
}

export function none(findings) {
  return [findings.length === 0, findings.slice(0, 5).join(' | ')];
}
