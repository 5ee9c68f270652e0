import type { ModelRegistry } from '#registry';
import { chooseVariant } from '#routing';
import { Permits, routingKeyOf, senderOf } from './permit';

const VARIANTS = [
  { name: 'control', version: 1, weight: 50 },
  { name: 'canary', version: 2, weight: 50 },
];

/** As much of a registry as routes are chosen by. */
function registryOf(versions: Map<number, { version: number; isServing: boolean }>) {
  const model = { name: 'm', policy: { aliases: {}, default: 1, variants: VARIANTS }, versions };
  return {
    model,
    registry: {
      defaultModel: 'm',
      model: () => model,
      version: (_: unknown, number: number) => versions.get(number),
    } as unknown as ModelRegistry,
  };
}

it('keeps a permit as long as its version serves, whatever the policy says now, and its key for ever', () => {
  const versions = new Map([1, 2, 3, 4].map((version) => [version, { version, isServing: true }]));
  const { model, registry } = registryOf(versions);
  const permits = new Permits(registry);
  const given = Array.from({ length: 50 }, () => permits.grant({}, senderOf({}, undefined, '192.0.2.1')));
  expect(new Set(given.map(({ route }) => route.variant))).toEqual(new Set(['control', 'canary']));

  model.policy = { ...model.policy, variants: VARIANTS.map((arm) => ({ ...arm, version: arm.version + 2 })) };
  for (const permit of given) expect(permits.renewed(permit)).toBe(permit);

  for (const version of [1, 2]) versions.get(version)!.isServing = false;
  for (const permit of given) {
    const { routingKey, sender, route } = permits.renewed(permit);
    expect([routingKey, sender]).toEqual([permit.routingKey, permit.sender]);
    // With other versions it is another experiment, in which the same key draws anew.
    expect(route).toEqual(permits.grant({}, permit.sender, permit.routingKey).route);
    expect(route.version.version).toBe(route.variant === 'control' ? 3 : 4);
  }
});

it.each([
  ['alice', 'alice'],
  [' alice ', 'alice'],
  ['null', 'null'],
])('the header %j is the key %j', (header, key) => {
  expect(routingKeyOf({ 'x-routing-key': header })).toBe(key);
});

it.each([undefined, '', ' ', ' \t '])('the header %j is no key: each request has its own', (header) => {
  expect(routingKeyOf({ 'x-routing-key': header })).toBeUndefined();
  const permits = new Permits(registryOf(new Map()).registry);
  const sender = senderOf({ 'x-routing-key': header }, 'mobile', '192.0.2.1');
  expect(sender).toEqual({ caller: 'key mobile', routingKey: undefined });
  const keys = Array.from({ length: 200 }, () => permits.grant({}, sender).routingKey);
  expect(new Set(keys).size).toBe(200);
  expect(new Set(keys.map((key) => chooseVariant(VARIANTS, 'm', key)!.name)).size).toBe(2);
});
