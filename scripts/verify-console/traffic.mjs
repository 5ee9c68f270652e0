import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { accessibilityFindings, openTab } from './browser.mjs';
import { MODEL } from './registry.mjs';
import { none } from './try.mjs';

const SHIP = readFileSync(join(root, 'samples/ship.png'));

/** A canary started, moved, promoted, rolled back and aborted, by clicks, while requests come; and two people at once. */
export async function trafficFlow({ browser, url, held, key }) {
  const page = await openTab(browser, url);
  await page.goto(`${url}/console#/traffic/${MODEL}`);
  const form = page.getByRole('region', { name: 'Start a canary' });
  await form.getByLabel('Version').selectOption('3');
  await form.getByLabel('Share, %').fill('40');
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  const dialog = page.getByRole('dialog');
  held(
    'a canary says in words what will happen',
    /Version 3 gets 40 %.*version 2 gets the other 60 %/.test(await dialog.innerText()),
  );
  await dialog.getByRole('button', { name: 'Start it' }).click();
  await dialog.getByLabel('API key').fill(key);
  await dialog.getByRole('button', { name: 'Use it' }).click();
  const canary = page.getByRole('region', { name: 'Canary', exact: true });
  await canary.getByText('Version 3 has 40 % of the traffic').waitFor();
  held('a canary is started', true);
  await page.getByRole('region', { name: 'Guard' }).getByText('It waits:').waitFor();
  held('the guard says what it waits for', true);

  await send(url, 30);
  const split = page.getByRole('region', { name: 'Split', exact: true });
  await split.getByText(/Measured on \d+ requests/).waitFor();
  held(
    'the measured share stands beside the one that was asked for',
    /Measured on \d+ requests/.test(await split.innerText()),
  );
  held('axe-core finds nothing on Traffic', ...none(await accessibilityFindings(page)));

  await canary.getByLabel('Share, %').fill('60');
  await canary.getByRole('button', { name: 'Move it' }).click();
  await dialog.getByRole('button', { name: 'Move it' }).click();
  await canary.getByText('Version 3 has 60 % of the traffic').waitFor();
  held('it is moved by hand', true);

  await twoPeople(page, canary, dialog, { url, held, key });

  await canary.getByRole('button', { name: 'Promote' }).click();
  held('promoting says in words what will happen', /Version 3 answers all requests/.test(await dialog.innerText()));
  await dialog.getByRole('button', { name: 'Promote it' }).click();
  await form.waitFor();
  held('it is promoted', (await aliasOf(url)) === 3);
  await page.getByRole('button', { name: 'Roll back the policy' }).click();
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.waitForFunction(() => /brings back revision/.test(document.body.innerText));
  held('it is rolled back', (await aliasOf(url)) === 2);

  await form.getByLabel('Version').selectOption('1');
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  await dialog.getByRole('button', { name: 'Start it' }).click();
  await canary.getByRole('button', { name: 'Abort' }).click();
  await dialog.getByRole('button', { name: 'Abort it' }).click();
  await form.waitFor();
  held('a canary is aborted', true);
  const history = page.getByRole('region', { name: 'History of the policy' });
  await history.locator('summary').first().click();
  held('the history shows what changed', (await history.locator('pre .removed').count()) > 0);
  held('events are told as they come', (await page.getByRole('region', { name: 'Events' }).locator('li').count()) >= 5);
  held('Traffic complains of nothing', ...none(page.complaints));
  await page.context().close();
}

/** Between what is on the screen and the click, somebody else changes the policy. */
async function twoPeople(page, canary, dialog, { url, held, key }) {
  await canary.getByLabel('Share, %').fill('70');
  await canary.getByRole('button', { name: 'Move it' }).click();
  await change(url, key, 'canary/weight', { weight: 65 });
  await dialog.getByRole('button', { name: 'Move it' }).click();
  await page.getByText('Somebody else has changed the policy meanwhile').waitFor();
  await canary.getByText('Version 3 has 65 % of the traffic').waitFor();
  held('of two people at once the second is told, and sees what the first did', true);
}

/** What the pictures of the page show: a canary with a shadow beside it, and requests. */
export async function prepareTraffic(url, key) {
  await change(url, key, 'shadow/start', { version: 1, percent: 100 });
  await change(url, key, 'canary/start', { version: 3, weight: 30, guard: {} });
  await send(url, 40);
}

export async function change(url, key, route, body) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${url}/v1/models/${MODEL}/policy/${route}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${route} → ${response.status} ${await response.text()}`);
}

export async function send(url, count) {
  for (let i = 0; i < count; i += 1) {
    const headers = { 'Content-Type': 'image/png' };
    await (await fetch(`${url}/v1/models/${MODEL}/predict`, { method: 'POST', headers, body: SHIP })).arrayBuffer();
  }
}

async function aliasOf(url) {
  const { aliases } = await (await fetch(`${url}/v1/models/${MODEL}/policy`)).json();
  return aliases.champion;
}
