import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { EyrieError } from '#core';
import type { Route } from './routes';
import type { RequestContext } from './request-context';

/**
 * Lets through what the API's description knows of a path: its methods, and each query parameter at most once, which the
 * context has then.
 * @throws EyrieError METHOD_NOT_ALLOWED, INVALID_REQUEST
 */
export function requireDescribed(
  route: Route,
  { method = '' }: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  query: string,
): void {
  const known = route.methods.get(method === 'HEAD' ? 'GET' : method);
  if (!known) {
    // RFC 9110, 15.5.6
    const allowed = allowedMethods(route);
    res.setHeader('Allow', allowed);
    throw new EyrieError('METHOD_NOT_ALLOWED', `${context.path} has no ${method}; it has ${allowed}`);
  }
  if (query === '') return;
  context.query = parse(query);
  refuseUnknown(context.query, known);
}

/** RFC 9110, 9.3.7 */
export function allowedMethods({ methods }: Route): string {
  const names = [...methods.keys()];
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

function refuseUnknown(query: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): void {
  const errors = Object.entries(query).flatMap(([field, value]) => {
    if (!known.has(field)) return { field, detail: 'is not known here' };
    return Array.isArray(value) ? { field, detail: 'is given more than once' } : [];
  });
  if (errors.length === 0) return;
  const wrong = errors.map(({ field, detail }) => `"${field.slice(0, 100)}" ${detail}`);
  const names = [...known].join(', ') || 'none';
  throw new EyrieError('INVALID_REQUEST', `query parameter ${wrong.join('; ')}; known here: ${names}`, { errors });
}
