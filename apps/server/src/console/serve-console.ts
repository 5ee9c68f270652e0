import type { NestExpressApplication } from '@nestjs/platform-express';
import { servePages } from '../pages/page';
import { consoleFiles, isBuilt } from './console-files';

/** Stricter than what all answers have: nothing is loaded from, sent to or framed by anybody else, and nothing is inline. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Photos that somebody chooses are shown before they are sent.
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

/** What no controller has: no guard sees it, and all below it is public. */
export const CONSOLE_PATH = '/console';

/** GET /console and its files. They are no secret; what they ask the API for has its own rules. */
export function serveConsole(app: NestExpressApplication): void {
  if (!isBuilt()) return;
  app.use(servePages(consoleFiles(), (res) => res.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)));
}
