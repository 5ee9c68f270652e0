import type { RequestHandler } from 'express';
import { EyrieError } from '#core';
import type { FindRoute, Route } from '../openapi/routes';
import { contextOf } from './request-context';

/**
 * Lets through what the API's description knows: the methods of a path, and each query parameter at most once.
 * Paths outside the description, /docs among them, are not its business.
 */
export function onlyDescribed(find: FindRoute): RequestHandler {
  return (req, res, next) => {
    const route = find(req.path);
    if (!route) return next();
    contextOf(res).route = route.template;
    const known = route.methods.get(req.method === 'HEAD' ? 'GET' : req.method);
    if (known) {
      refuseUnknown(req.query, known);
      return next();
    }
    // RFC 9110, 9.3.7 and 15.5.6
    const allowed = allowedMethods(route);
    res.setHeader('Allow', allowed);
    if (req.method === 'OPTIONS') return void res.status(204).end();
    throw new EyrieError('METHOD_NOT_ALLOWED', `${req.path} has no ${req.method}; it has ${allowed}`);
  };
}

function refuseUnknown(query: Record<string, unknown>, known: ReadonlySet<string>): void {
  const errors = Object.entries(query).flatMap(([field, value]) => {
    if (!known.has(field)) return { field, detail: 'is not known here' };
    return Array.isArray(value) ? { field, detail: 'is given more than once' } : [];
  });
  if (errors.length === 0) return;
  const wrong = errors.map(({ field, detail }) => `"${field.slice(0, 100)}" ${detail}`);
  const names = [...known].join(', ') || 'none';
  throw new EyrieError('INVALID_REQUEST', `query parameter ${wrong.join('; ')}; known here: ${names}`, { errors });
}

function allowedMethods({ methods }: Route): string {
  const names = [...methods.keys()];
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}
