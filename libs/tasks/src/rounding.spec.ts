import { roundHalfEven } from './rounding';

it.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [3.5, 4],
  [2.4999999, 2],
  [2.5000001, 3],
  [-0.5, 0],
  [-1.5, -2],
  [7, 7],
])('rounds %d to %d, as Python does', (value, rounded) => {
  expect(roundHalfEven(value)).toBe(rounded);
});
