import { isatty } from 'node:tty';
import type { DestinationStream, Logger } from 'pino';
import { descriptorOf } from './descriptor';
import { LogOutput } from './log-output';
import { createLogger, type LogFormat } from './logger';

export interface StandardLogOptions {
  name: string;
  level: string;
  /** `auto`: for people on a terminal, JSON elsewhere. */
  format: LogFormat | 'auto';
}

/** Lines that found no room, of this process. */
let lost = 0;

export function linesLost(): number {
  return lost;
}

/** The log of this process on standard output; why it ends, on standard error, in the same form. */
export class StandardLog {
  private constructor(
    readonly logger: Logger,
    private readonly lastWords: Logger,
    private readonly outputs: readonly LogOutput[],
  ) {}

  static async open({ name, level, format }: StandardLogOptions): Promise<StandardLog> {
    const outputs = [new LogOutput(descriptorOf(1)), new LogOutput(descriptorOf(2))] as const;
    const isPretty = ([1, 2] as const).map((fd) => (format === 'auto' ? isatty(fd) : format === 'pretty'));
    // Loaded where a person reads only.
    const pretty = isPretty.includes(true) ? (await import('./pretty-lines.js')).prettyLines : undefined;
    const [out, err] = outputs.map((output, i): DestinationStream => {
      return pretty && isPretty[i] ? pretty(output, isatty(i + 1)) : output;
    }) as [DestinationStream, DestinationStream];
    const logger = createLogger(name, level, out);
    for (const output of outputs) output.onLoss = () => lost++;
    outputs[0].onRecovery = ({ lines, reason }) =>
      logger.warn({ lines, reason }, `${lines} lines of the log have been lost: ${reason}`);
    return new StandardLog(logger, createLogger(name, 'fatal', err), outputs);
  }

  /** Says why the process ends, whatever LOG_LEVEL is. */
  fatal(facts: object, message: string): void {
    this.lastWords.fatal(facts, message);
  }

  /** Resolves when all has been written, or after `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    await Promise.all(this.outputs.map((output) => output.drain(ms)));
  }
}
