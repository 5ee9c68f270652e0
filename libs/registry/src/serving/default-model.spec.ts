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

describe('where the registry names one', () => {
  it('is that one, whatever comes before it by name, at once', () => {
    const model = new DefaultModel('');
    expect(model.update(['a', 'm'], 'm')).toBeUndefined();
    expect(model.name).toBe('m');
    expect(model.update(['a', 'm', 'z'], 'z')).toBeUndefined();
    expect(model.name).toBe('z');
  });

  it('says once that it is not there, and who answers instead', () => {
    const model = new DefaultModel('');
    expect(model.update(['a', 'b'], 'm')).toEqual({
      model: 'm',
      warning: expect.stringMatching(/not there.* go to a\./),
    });
    expect(model.update(['a', 'b'], 'm')).toBeUndefined();
    model.update(['a', 'b', 'm'], 'm');
    expect(model.name).toBe('m');
  });

  it('is the configured one nevertheless', () => {
    const model = new DefaultModel('a');
    model.update(['a', 'm'], 'm');
    expect(model.name).toBe('a');
  });
});
