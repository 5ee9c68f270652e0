import type { OpenAPIObject } from '@nestjs/swagger';

/** What the description says of a path. */
export interface Route {
  /** Such as `/v1/models/{model}`. */
  template: string;
  /** The names of each method's query parameters, by method in capitals. */
  methods: ReadonlyMap<string, ReadonlySet<string>>;
}

export type FindRoute = (path: string) => Route | undefined;

type Operation = { parameters?: { in: string; name: string }[] };

/** Finds the route of a path, as Express does: capitals and a slash at the end make no difference. */
export function routesOf(document: OpenAPIObject): FindRoute {
  const routes = Object.entries(document.paths).map(([template, item]) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}/?$`, 'i'),
    methods: new Map(
      Object.entries(item as Record<string, Operation>).map(([method, operation]) => [
        method.toUpperCase(),
        queryParameters(operation),
      ]),
    ),
  }));
  return (path) => routes.find(({ pattern }) => pattern.test(path));
}

function queryParameters({ parameters = [] }: Operation): Set<string> {
  return new Set(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name));
}
