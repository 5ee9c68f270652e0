import { reportObserverFailuresTo } from '#core';
import { TrafficEvents } from './traffic-events';

it('keeps an event, whatever becomes of those who are told of it', () => {
  const reported: string[] = [];
  reportObserverFailuresTo((observer) => reported.push(observer));
  const events = new TrafficEvents(() => {
    throw new Error('the log is full');
  });
  events.add('m', 'policy-changed', 'revision 1 is in effect');
  events.add('m', 'policy-changed', 'revision 2 is in effect');
  expect(events.of('m').map(({ detail }) => detail)).toEqual(['revision 2 is in effect', 'revision 1 is in effect']);
  expect(reported).toEqual(['traffic.onEvent', 'traffic.onEvent']);
});
