import type { OpenAPIObject } from '@nestjs/swagger';

/** What the description says of a path. */
export interface Route {
  /** Such as `/v1/models/{model}`. */
  template: string;
  /** The names of each method's query parameters, by method in capitals. */
  methods: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A path's route, and what it has in the places of the template's parameters. */
export interface FoundRoute {
  route: Route;
  parameters: Readonly<Record<string, string>>;
}

export type FindRoute = (path: string) => FoundRoute | undefined;

type Operation = { parameters?: { in: string; name: string }[] };

const NONE = Object.freeze({});

/** Finds the route of a path, as Express does: capitals and a slash at the end make no difference. */
export function routesOf(document: OpenAPIObject): FindRoute {
  const routes = Object.entries(document.paths).map(([template, item]): Route => ({
    template,
    methods: new Map(
      Object.entries(item as Record<string, Operation>).map(([method, operation]) => [
        method.toUpperCase(),
        queryParameters(operation),
      ]),
    ),
  }));
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
