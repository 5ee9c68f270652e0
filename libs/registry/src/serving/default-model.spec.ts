import { DefaultModel } from './default-model';

it('is the first by name at the start, and stays it as long as it is there', () => {
  const model = new DefaultModel('');
  expect(model.name).toBeUndefined();
  expect(model.update(['b', 'c'])).toBeUndefined();
  expect(model.name).toBe('b');
  model.update(['a', 'b', 'c']);
  expect(model.name).toBe('b');
  model.update(['a', 'c']);
  expect(model.name).toBe('a');
});

it('is chosen once there is something to choose from', () => {
  const model = new DefaultModel(undefined);
  model.update([]);
  expect(model.name).toBeUndefined();
  expect(model.update(['z'])).toBeUndefined();
  expect(model.name).toBe('z');
});

it('warns once of each model that the next start would choose', () => {
  const model = new DefaultModel('');
  model.update(['m']);
  const after = (names: string[]) => model.update(names)?.warning;
  expect(after(['c', 'm'])).toMatch(
    /go to m, but after the next start they go to c, .*set MODEL_NAME=m or MODEL_NAME=c/,
  );
  expect(after(['c', 'm'])).toBeUndefined();
  expect(after(['b', 'c', 'm'])).toMatch(/they go to b/);
});

it('says when it is gone, and who answers instead', () => {
  const model = new DefaultModel('');
  model.update(['m', 'z']);
  expect(model.update(['z'])).toEqual({ model: 'm', warning: expect.stringMatching(/gone; .* go to z now/) });
  expect(model.update([])).toEqual({ model: 'z', warning: expect.stringMatching(/gone; .* go to nobody now/) });
});

it('is the one that is configured, without a warning, whatever else there is', () => {
  const model = new DefaultModel('m');
  expect([model.update(['a', 'm']), model.update(['a', 'z'])]).toEqual([undefined, undefined]);
  expect(model.name).toBe('m');
});
