// What `npm run generate` makes of the .proto files: beside each a source file with its messages as protobufjs wants them, and its
// FileDescriptorProto for whoever asks by reflection. So neither an installation nor a start needs a compiler of them.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';

const FOLDER = 'apps/server/src';
/** A file that is another one in another package, word for word: tools ask for either. */
const TWINS = [
  { of: 'reflection_v1.proto', name: 'reflection_v1alpha.proto', from: 'reflection.v1;', to: 'reflection.v1alpha;' },
];

/** @param {string} root folder of the repository @returns {[path: string, content: string][]} */
export function descriptorFiles(root) {
  const found = readdirSync(join(root, FOLDER), { recursive: true }).filter((name) => name.endsWith('.proto'));
  const sources = found.sort().flatMap((name) => {
    const path = `${FOLDER}/${name.replaceAll('\\', '/')}`;
    const source = readFileSync(join(root, path), 'utf8');
    const twins = TWINS.filter(({ of }) => of === basename(path));
    return [
      { path, source, of: basename(path) },
      ...twins.map(({ of, name, from, to }) => ({
        path: join(dirname(path), name),
        source: source.replace(from, to),
        of,
      })),
    ];
  });
  return sources.map(({ path, source, of }) => {
    const name = path.slice(FOLDER.length + 1);
    const bytes = descriptorOf(source, name);
    const text = `// Made of ${of} by scripts/generate.mjs.

export const FILE = {
  name: '${name}',
  /** Its FileDescriptorProto, in base64. */
  descriptor:
    '${bytes.toString('base64')}',
  /** Its messages in the JSON of protobufjs, their fields in camel case. */
  messages:
    '${JSON.stringify(protobuf.parse(source).root.toJSON())}',
};
`;
    return [path.replaceAll('_', '-').replace(/\.proto$/, '.descriptor.ts'), text];
  });
}

function descriptorOf(source, name) {
  const { root, package: packageName } = protobuf.parse(source, { keepCase: true });
  root.resolveAll();
  const [file] = root.toDescriptor('proto3').file;
  file.name = name;
  const names = namesOf(file, `.${packageName}`);
  for (const message of file.messageType) complete(message, `.${packageName}.${message.name}`, names);
  for (const { method } of file.service) {
    for (const each of method) {
      each.inputType = resolved(each.inputType, `.${packageName}`, names);
      each.outputType = resolved(each.outputType, `.${packageName}`, names);
    }
  }
  return Buffer.from(descriptor.FileDescriptorProto.encode(file).finish());
}

/** As protoc writes it, and as its readers want it: names of types in full, those of the entries of maps by its rule. */
function complete(message, path, names) {
  for (const field of message.field) {
    const entry = message.nestedType.find(({ name, options }) => options?.mapEntry && name === field.typeName);
    if (entry) {
      entry.name = `${field.name.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase())}Entry`;
      field.typeName = `${path}.${entry.name}`;
    } else if (field.typeName) {
      field.typeName = resolved(field.typeName, path, names);
    }
  }
  for (const nested of message.nestedType) complete(nested, `${path}.${nested.name}`, names);
}

/** @returns {Set<string>} of all types, in full */
function namesOf({ messageType = [], nestedType = [], enumType = [] }, path) {
  const inside = [...messageType, ...nestedType];
  return new Set([
    ...[...inside, ...enumType].map(({ name }) => `${path}.${name}`),
    ...inside.flatMap((message) => [...namesOf(message, `${path}.${message.name}`)]),
  ]);
}

/** From the inside outwards. */
function resolved(name, path, names) {
  if (name.startsWith('.')) return name;
  const scopes = path.split('.');
  for (let depth = scopes.length; depth > 0; depth--) {
    const full = `${scopes.slice(0, depth).join('.')}.${name}`;
    if (names.has(full)) return full;
  }
  throw new Error(`${path} has a field of an unknown type, ${name}`);
}
