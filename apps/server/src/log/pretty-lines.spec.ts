import { createLogger } from './logger';
import { prettyLines } from './pretty-lines';

it('says in one line when, how severe, what, and what belongs to it; errors with their stack below', () => {
  const lines: string[] = [];
  const logger = createLogger('eyrie', 'info', prettyLines({ write: (line) => void lines.push(line) }, false));
  logger.warn({ model: 'cats', version: 2 }, 'cats version 2 is UNLOADED');
  logger.debug('not said');
  logger.error({ err: new Error('broken') }, 'it failed');
  expect(lines).toEqual([
    expect.stringMatching(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: cats version 2 is UNLOADED \{"model":"cats","version":2\}\n$/,
    ),
    expect.stringMatching(/^\[[\d:.]+\] ERROR: it failed[^]*broken[^]*at /),
  ]);
});
