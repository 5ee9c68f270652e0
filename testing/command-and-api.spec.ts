import { Command, type Option } from 'commander';
import { addCommand } from '../apps/cli/src/models/add.command';
import { pullCommand } from '../apps/cli/src/models/pull.command';
import { UPLOAD_FLAGS } from '../apps/cli/src/models/upload-fields';
import { withRegistryOptions } from '../apps/cli/src/registry/open-registry';
import { canaryCommand } from '../apps/cli/src/traffic/canary.command';
import { shadowCommand } from '../apps/cli/src/traffic/shadow.command';
import {
  AbortCanaryBody,
  CanaryGuardBody,
  CanaryWeightBody,
  StartCanaryBody,
  StartShadowBody,
  StopShadowBody,
} from '../apps/server/src/control/admin/traffic-changes.dto';
import { UPLOAD_SCHEMA } from '../apps/server/src/control/versions/versions.dto';

const DEFAULTS = { registry: '.' };
const COMMON = withRegistryOptions(new Command()).options.map((option) => option.name());
const flags = (command: Command) => command.options.filter((option) => !COMMON.includes(option.name()));
const names = (command: Command) => flags(command).map((option) => option.name());

/** `--step-seconds` is `step_s`, `--no-guard` is `guard`. */
const asField = (option: Option) =>
  option
    .name()
    .replace(/^no-/, '')
    .replace(/-seconds$/, '_s')
    .replaceAll('-', '_');

/** As the description of the API has them. */
function fieldsOf(...bodies: { prototype: object }[]): string[] {
  return bodies.flatMap(({ prototype }) => {
    const keys = Reflect.getMetadata('swagger/apiModelPropertiesArray', prototype) as string[];
    return keys.map((key) => key.slice(1));
  });
}

const SUBCOMMANDS: [name: string, command: Command, bodies: { prototype: object }[], positional: string[]][] = [
  ['start', canaryCommand(DEFAULTS), [StartCanaryBody, CanaryGuardBody], []],
  ['weight', canaryCommand(DEFAULTS), [CanaryWeightBody], ['weight']],
  ['promote', canaryCommand(DEFAULTS), [], []],
  ['abort', canaryCommand(DEFAULTS), [AbortCanaryBody], []],
  ['start', shadowCommand(DEFAULTS), [StartShadowBody], []],
  ['stop', shadowCommand(DEFAULTS), [StopShadowBody], ['version']],
];

it.each(SUBCOMMANDS)(
  'what %s can be told on the command line, its route can be told',
  (name, command, bodies, more) => {
    const subcommand = command.commands.find((each) => each.name() === name)!;
    expect(subcommand.registeredArguments).toHaveLength(1 + more.length);
    const said = [...flags(subcommand).map(asField), ...more];
    expect(said.sort()).toEqual(fieldsOf(...bodies).sort());
  },
);

it('an upload has a field for each flag of models add that is one', () => {
  const { file, data, ...fields } = UPLOAD_SCHEMA.properties;
  expect([file, data]).toMatchObject([{ format: 'binary' }, { type: 'array' }]);
  expect(Object.keys(fields).sort()).toEqual([...UPLOAD_FLAGS.files, ...UPLOAD_FLAGS.text].sort());
});

it('models pull can be told of a model what models add can be told', () => {
  const add = names(addCommand(DEFAULTS));
  const pull = names(pullCommand(DEFAULTS));
  expect(add.filter((flag) => !pull.includes(flag))).toEqual([]);
  expect(pull.filter((flag) => !add.includes(flag)).sort()).toEqual(['catalog', 'mirror', 'sha256']);
});
