import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { UsageError } from '../usage-error';

const FORMATS = ['json', 'yaml', 'wide'] as const;

/** How a command is to say what it has to say. */
export interface OutputOptions {
  json?: boolean;
  format?: (typeof FORMATS)[number];
}

export function withOutputOptions(command: Command): Command {
  return command
    .addOption(new Option('-o, --format <format>', 'for programs, or tables of any width').choices(FORMATS))
    .option('--json', 'the same as -o json');
}

/**
 * Prints what a command has found: for programs, or for people.
 * @param text makes the text for people; wide where they want to see all of it, however long the lines get
 * @throws UsageError
 */
export function print(options: OutputOptions, data: unknown, text: (wide: boolean) => string): void {
  console.log(rendered(options, data, text));
}

/** Whether a program reads what is printed. @throws UsageError */
export function isForPrograms(options: OutputOptions): boolean {
  const format = formatOf(options);
  return format === 'json' || format === 'yaml';
}

function rendered(options: OutputOptions, data: unknown, text: (wide: boolean) => string): string {
  const format = formatOf(options);
  if (format === 'json') return JSON.stringify(data, null, 2);
  // Through JSON, so that both formats have the same fields.
  if (format === 'yaml') return stringify(JSON.parse(JSON.stringify(data))).trimEnd();
  return text(format === 'wide');
}

function formatOf({ json, format }: OutputOptions): OutputOptions['format'] {
  if (json && format !== undefined && format !== 'json') {
    throw new UsageError(`give either --json or -o ${format}`);
  }
  return json ? 'json' : format;
}
