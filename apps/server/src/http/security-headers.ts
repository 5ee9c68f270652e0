import helmet from 'helmet';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

// Swagger UI needs data: images, its page nothing inline; plain HTTP must stay possible on a private network.
const SWAGGER_UI_POLICY = {
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'upgrade-insecure-requests': null,
};

/** What helmet sets is the same for every answer: it is asked once, and not by each request again. */
const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = helmetHeaders();

export function setSecurityHeaders(res: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value);
}

function helmetHeaders(): [string, string][] {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  const protect = helmet({
    contentSecurityPolicy: { directives: SWAGGER_UI_POLICY },
    // Whoever ends TLS in front of this server decides for the whole domain, not we.
    strictTransportSecurity: false,
  });
  protect(req, res, (error) => {
    if (error) throw error as Error;
  });
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}
