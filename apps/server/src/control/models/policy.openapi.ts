const versionRef = {
  oneOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }],
  description: 'A number or an alias',
};
const percent = { type: 'number', minimum: 0, maximum: 100 };

/** policy.json in OpenAPI's words. */
export const POLICY_SCHEMA = {
  type: 'object',
  required: ['aliases', 'default'],
  additionalProperties: false,
  properties: {
    revision: {
      type: 'integer',
      minimum: 0,
      description: 'Counted up by every change; what a PUT says is passed over',
    },
    aliases: { type: 'object', additionalProperties: { type: 'integer', minimum: 1 } },
    default: versionRef,
    variants: {
      type: 'array',
      description: 'Weights add up to 100',
      items: {
        type: 'object',
        required: ['name', 'version', 'weight'],
        additionalProperties: false,
        properties: { name: { type: 'string' }, version: versionRef, weight: percent },
      },
    },
    shadows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['version', 'percent'],
        additionalProperties: false,
        properties: { version: versionRef, percent },
      },
    },
    guard: { type: 'object' },
  },
};

export const POLICY_EXAMPLE = {
  aliases: { champion: 2, challenger: 3 },
  default: 'champion',
  variants: [
    { name: 'control', version: 'champion', weight: 90 },
    { name: 'canary', version: 'challenger', weight: 10 },
  ],
};
