// JSON Schemas for kubeconform: of Kubernetes' own kinds from its OpenAPI description, of others from their CRDs. They are
// closed: a field that a kind does not have is an error.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { cache, goModule, once } from './cache.mjs';
import { CRDS } from './versions.mjs';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const SPECIAL = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
};
/** Written anew when the conversion changes. */
const FORMAT = 2;

/** @param version of Kubernetes @returns a location of schemas, as kubeconform takes it */
export async function schemas(version) {
  const folder = join(cache, 'schemas', `${version}-${FORMAT}-${digestOfCrds()}`);
  await once(folder, `schemas of Kubernetes ${version}`, () => {
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    const definitions = kubernetesDefinitions(version);
    for (const [name, definition] of Object.entries(definitions)) {
      for (const { group, version: apiVersion, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
        write(draft, group, apiVersion, kind, own(definitions, name, group, apiVersion, kind));
      }
    }
    for (const { crd, apiVersion, schema } of customKinds()) {
      const { group, names } = crd.spec;
      write(draft, group, apiVersion, names.kind, custom(definitions, schema, group, apiVersion, names.kind));
    }
    renameSync(draft, folder);
  });
  return join(folder, '{{.Group}}', '{{.ResourceAPIVersion}}', '{{.ResourceKind}}.json');
}

/** The files of all CRDs. */
export function crdFiles() {
  return CRDS.flatMap(({ module, folder, files }) => files.map((file) => join(goModule(module), folder, file)));
}

function kubernetesDefinitions(version) {
  const file = join(goModule(`k8s.io/kubernetes@v${version}`), 'api/openapi-spec/swagger.json');
  const { definitions } = JSON.parse(readFileSync(file, 'utf8'));
  return { ...definitions, ...SPECIAL };
}

function customKinds() {
  return crdFiles().flatMap((file) =>
    parseAllDocuments(readFileSync(file, 'utf8'))
      .map((document) => document.toJS())
      .filter((crd) => crd?.kind === 'CustomResourceDefinition')
      .flatMap((crd) =>
        crd.spec.versions.map(({ name, schema }) => ({ crd, apiVersion: name, schema: schema.openAPIV3Schema })),
      ),
  );
}

function own(definitions, name, group, version, kind) {
  const schema = {
    ...definitions[name],
    properties: { ...definitions[name].properties, ...identity(group, version, kind) },
  };
  return selfContained(definitions, closed(schema));
}

function custom(definitions, schema, group, version, kind) {
  const properties = {
    ...schema.properties,
    ...identity(group, version, kind),
    metadata: { $ref: `#/definitions/${OBJECT_META}` },
  };
  return selfContained(definitions, closed({ ...schema, properties }));
}

function identity(group, version, kind) {
  return { apiVersion: { const: group ? `${group}/${version}` : version }, kind: { const: kind } };
}

/** The schema with all definitions that it names, and that these name. */
function selfContained(definitions, schema) {
  const named = {};
  const follow = (value) => {
    if (typeof value !== 'object' || value === null) return;
    if (typeof value.$ref === 'string') {
      const name = value.$ref.replace('#/definitions/', '');
      if (!(name in named)) {
        named[name] = closed(definitions[name]);
        follow(named[name]);
      }
    }
    Object.values(value).forEach(follow);
  };
  follow(schema);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    required: ['apiVersion', 'kind'],
    ...schema,
    definitions: named,
  };
}

/**
 * What OpenAPI says in its own words, said in those of JSON Schema.
 * @param whole no fields but those that are described; an alternative (`anyOf` …) describes only a part of an object
 */
function closed(schema, whole = true) {
  if (typeof schema !== 'object' || schema === null) return schema;
  // In a `$ref`'s place nothing else counts.
  if (schema.$ref) return { $ref: schema.$ref };
  const { properties, items, additionalProperties, nullable, type, format, not, ...rest } = schema;
  const result = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-')));
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    if (result[key]) result[key] = result[key].map((part) => closed(part, false));
  }
  if (not) result.not = closed(not, false);
  if (schema['x-kubernetes-int-or-string'] || format === 'int-or-string') result.type = ['string', 'integer'];
  else if (type) result.type = nullable ? [type, 'null'] : type;
  if (items) result.items = closed(items, whole);
  if (additionalProperties !== undefined) result.additionalProperties = closed(additionalProperties, whole);
  if (properties) {
    const each = Object.entries(properties).map(([key, value]) => [key, closed(value, whole)]);
    result.properties = Object.fromEntries(each);
    const free = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties !== undefined;
    if (whole && !free) result.additionalProperties = false;
  }
  return result;
}

// kubeconform says `v1` where a group has no name.
function write(folder, group, version, kind, schema) {
  const file = join(folder, group || version, version, `${kind.toLowerCase()}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(schema));
}

function digestOfCrds() {
  return CRDS.map(({ module }) => module.split('@v')[1]).join('_');
}
