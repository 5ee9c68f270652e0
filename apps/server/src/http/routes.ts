import type { OpenAPIObject } from '@nestjs/swagger';
import { ACCESS_IN_DESCRIPTION, type Access } from './scopes';

/** What the description says of a path. */
export interface Route {
  /** Such as `/v1/models/{model}`. */
  template: string;
  /** The names of each method's query parameters, by method in capitals. */
  methods: ReadonlyMap<string, ReadonlySet<string>>;
  /** Who may use each method; one that has not declared it is closed. */
  access: ReadonlyMap<string, Access>;
}

/** A path's route, and what it has in the places of the template's parameters. */
export interface FoundRoute {
  route: Route;
  parameters: Readonly<Record<string, string>>;
}

export type FindRoute = (path: string) => FoundRoute | undefined;

type Operation = { parameters?: { in: string; name: string }[]; [ACCESS_IN_DESCRIPTION]?: Access };

/** Every route of the description. */
export function routesOf({ paths }: OpenAPIObject): Route[] {
  return Object.entries(paths).map(([template, item]) => {
    const operations = Object.entries(item as Record<string, Operation>);
    const byMethod = operations.map(([method, operation]) => [method.toUpperCase(), operation] as const);
    return {
      template,
      methods: new Map(byMethod.map(([method, operation]) => [method, queryParameters(operation)])),
      access: new Map(
        byMethod.flatMap(([method, { [ACCESS_IN_DESCRIPTION]: access }]) => (access ? [[method, access]] : [])),
      ),
    };
  });
}

const NONE = Object.freeze({});

/** Finds the route of a path, as Express does: capitals and a slash at the end make no difference. */
export function routeFinder(routes: readonly Route[]): FindRoute {
  // Most requests are for one of these, as it is written.
  const plain = new Map(
    routes
      .filter(({ template }) => !template.includes('{'))
      .map((route) => [route.template, { route, parameters: NONE }]),
  );
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route) }));
  return (path) => {
    const asWritten = plain.get(path);
    if (asWritten) return asWritten;
    for (const { route, pattern } of patterns) {
      const match = pattern.exec(path);
      if (match) return { route, parameters: match.groups ?? NONE };
    }
    return undefined;
  };
}

function patternOf({ template }: Route): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)')}/?$`, 'i');
}

function queryParameters({ parameters = [] }: Operation): Set<string> {
  return new Set(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name));
}
