import pino, { type DestinationStream, type Logger } from 'pino';

/** Lines of JSON, or such as people read. */
export type LogFormat = 'json' | 'pretty';

/** Lines with `timestamp`, `level` and `message`. @param destination must not throw */
export function createLogger(name: string, level: string, destination: DestinationStream): Logger {
  return pino(
    {
      name,
      level,
      messageKey: 'message',
      base: undefined,
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
