import type { Policy } from '#registry';
import { startShadow, stopShadow } from './shadow-edits';

const POLICY: Policy = { revision: 3, aliases: { champion: 2, challenger: 3 }, default: 'champion' };
const started = (version: number | string, percent: number, policy = POLICY) =>
  startShadow({ version, percent })(policy) as Policy;

it('starts beside what is there, and leaves nothing behind when it stops', () => {
  const two = started(1, 5, started('challenger', 20));
  expect(two).toEqual({
    ...POLICY,
    shadows: [
      { version: 'challenger', percent: 20 },
      { version: 1, percent: 5 },
    ],
  });
  expect(stopShadow(1)(two)).toEqual(started('challenger', 20));
  expect(stopShadow()(two)).toEqual(POLICY);
});

it('is one for each version, however it is called', () => {
  expect(started(3, 50, started('challenger', 20)).shadows).toEqual([{ version: 3, percent: 50 }]);
  expect(stopShadow('challenger')(started(3, 50))).toEqual(POLICY);
});

it('that is not there cannot be stopped', () => {
  expect(() => stopShadow()(POLICY)).toThrow('there is no shadow');
  expect(() => stopShadow(1)(started(3, 50))).toThrow('version 1 is no shadow; those that there are: 3');
});
