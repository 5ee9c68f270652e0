import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** Puts each line of JSON into words: when, how severe, what, and behind it what belongs to it. */
export function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  const pretty = prettyFactory({
    colorize,
    messageKey: 'message',
    timestampKey: 'timestamp',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'name',
    singleLine: true,
  });
  return { write: (line) => destination.write(pretty(line)) };
}
