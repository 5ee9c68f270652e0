import { closeSync, openSync } from 'node:fs';
import { until } from '#testing/until';
import { descriptorOf, type Descriptor } from './descriptor';
import { LogOutput, type Loss } from './log-output';

/** Stands for a reader that takes what it is told to take, or for a disk that is full. */
class Reader implements Descriptor {
  read = '';
  takes: number | Error = Infinity;

  write(bytes: Buffer): number {
    if (this.takes instanceof Error) throw this.takes;
    const taken = bytes.subarray(0, this.takes);
    this.read += taken.toString();
    return taken.length;
  }
}

let reader: Reader;
let output: LogOutput;
let losses: Loss[];
let lost: number;
beforeEach(() => {
  reader = new Reader();
  output = opened(reader, 1_000);
});

function opened(descriptor: Descriptor, mostBytes?: number): LogOutput {
  const made = new LogOutput(descriptor, mostBytes);
  [losses, lost] = [[], 0];
  made.onLoss = () => lost++;
  made.onRecovery = (loss) => {
    losses.push(loss);
    made.write(`lost ${loss.lines}\n`);
  };
  return made;
}

/** Lines of ten bytes, numbered. */
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${String(from + i).padStart(4, '0')}\n`);
const log = (some: string[]) => some.forEach((line) => output.write(line));

it('writes what is logged, in its order, and says when all is written', async () => {
  log(lines(0, 50));
  expect(reader.read).toBe('');
  expect(await output.drain(10_000)).toBe(true);
  expect(reader.read).toBe(lines(0, 50).join(''));
});

it('a reader that takes a few bytes at a time gets whole lines', async () => {
  reader.takes = 7;
  log(lines(0, 50));
  expect(await output.drain(10_000)).toBe(true);
  expect(reader.read).toBe(lines(0, 50).join(''));
});

it.each([
  ['a reader that has stopped', 0, 'nobody read them'],
  ['a full disk', new Error('ENOSPC: no space left on device, write'), 'ENOSPC: no space left on device, write'],
])('%s costs the lines beyond what may wait, which are counted and told when it goes on', async (_, takes, reason) => {
  reader.takes = takes;
  log(lines(0, 300));
  expect(lost).toBe(200);
  expect(await output.drain(20)).toBe(false);
  expect(reader.read).toBe('');
  reader.takes = 25;
  await until(() => losses.length > 0, 'it goes on');
  expect(losses).toEqual([{ lines: 200, reason }]);
  expect(await output.drain(10_000)).toBe(true);
  expect(reader.read).toBe(lines(0, 100).join('') + 'lost 200\n');
  log(lines(0, 1));
  expect(await output.drain(10_000)).toBe(true);
  expect([losses.length, reader.read.endsWith('0000\n')]).toEqual([1, true]);
});

it('a line that is larger than all that may wait is lost alone', async () => {
  log(['x'.repeat(2_000), ...lines(0, 1)]);
  expect(await output.drain(10_000)).toBe(true);
  expect([lost, reader.read.startsWith('line 0000\n')]).toEqual([1, true]);
});

it('a device without room neither throws nor ends the process', async () => {
  const fd = openSync('/dev/full', 'w');
  output = opened(descriptorOf(fd), 1_000);
  log(lines(0, 101));
  expect(await output.drain(50)).toBe(false);
  expect(lost).toBe(1);
  closeSync(fd);
});
