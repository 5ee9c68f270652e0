import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const PATIENCE_MS = 60_000;

/** @returns the path of a Chromium; CHROMIUM names another one. undefined where there is none */
export function findChromium() {
  return [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
}

export function launch(executablePath) {
  // Chromium refuses its sandbox to root, which is who runs checks in containers.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A tab that counts as a failure whatever the console logs as an error, and whatever the policy of the page forbids. */
export async function openTab(browser, url, { width = 1024, height = 800, scheme = 'light', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.complaints = [];
  page.on('console', (message) => {
    // A refusal of the server is shown on the page; the browser logs each as an error beside it.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
      page.complaints.push(`asked another server: ${request.url()}`);
  });
  return page;
}

/** What axe-core finds on the page as it is, each as a line. */
export async function accessibilityFindings(page) {
  const context = page.context();
  const session = await context.newCDPSession(page);
  // The content security policy holds for scripts of the page; this one is the check's own.
  await session.send('Runtime.evaluate', { expression: (await import('node:fs')).readFileSync(AXE, 'utf8') });
  const violations = await page.evaluate(async () => (await globalThis.axe.run(document)).violations);
  await session.detach();
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) =>
        `${id} (${impact}): ${html.slice(0, 160)} — ${failureSummary.split('\n')[1]?.trim()}`,
    ),
  );
}
