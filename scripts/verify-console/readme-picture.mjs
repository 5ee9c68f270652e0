import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from '../prepare.mjs';
import { openTab } from './browser.mjs';

/** docs/console.webp: what somebody sees who has asked two versions about three photos. */
export async function drawReadme(browser, url) {
  const page = await openTab(browser, url, { width: 1180, height: 900, deviceScaleFactor: 1.5 });
  await page.goto(`${url}/console`);
  await page.getByRole('checkbox', { name: 'Version 1' }).check();
  for (const name of ['deer.webp', 'ship.png', 'cat.jpg'])
    await page
      .getByRole('button', { name: `Sample ${name}`, exact: true })
      .first()
      .click();
  await page.waitForFunction(() => document.querySelectorAll('.card .request-id').length === 2);
  const picture = await sharp(await page.screenshot({ fullPage: true }))
    .webp({ quality: 82 })
    .toBuffer();
  writeFileSync(join(root, 'docs/console.webp'), picture);
  console.log(`docs/console.webp: ${(picture.length / 1000).toFixed(0)} KB`);
}
