import 'reflect-metadata';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiOkResponse, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import { CanaryRules, Policy, Shadow, Variant } from '#registry';
import { PolicyBody, PolicyDto, PolicyGuardDto, PolicyShadowDto, PolicyVariantDto } from './policy.dto';

interface Schema {
  type?: string;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  maxItems?: number;
  items?: Schema;
  oneOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
}

@Controller()
class PolicyController {
  @Get('policy')
  @ApiOkResponse({ type: PolicyDto })
  policy() {}

  @Get('body')
  @ApiOkResponse({ type: PolicyBody })
  body() {}
}

let schemas: Record<string, Schema>;

beforeAll(async () => {
  class PolicyModule {}
  const app = await NestFactory.create({ module: PolicyModule, controllers: [PolicyController] }, { logger: false });
  schemas = SwaggerModule.createDocument(app, new DocumentBuilder().build()).components!.schemas as typeof schemas;
  await app.close();
});

/** What the checks of a class say about a field, in the words of a schema. */
function ruledBy(type: new () => object): Record<string, Record<string, unknown>> {
  const fields: Record<string, Record<string, unknown>> = {};
  for (const { name, propertyName, constraints, type: kind, each } of getMetadataStorage().getTargetValidationMetadatas(
    type,
    '',
    false,
    false,
  )) {
    const field = (fields[propertyName] ??= { required: true });
    const [first] = (constraints ?? []) as [unknown?];
    const of = each ? 'items.' : '';
    const rule = name ?? kind;
    if (rule === 'min') field[`${of}minimum`] = first;
    else if (rule === 'max') field[`${of}maximum`] = first;
    else if (rule === 'matches') Object.assign(field, { type: 'string', pattern: (first as RegExp).source });
    else if (rule === 'arrayMaxSize') field.maxItems = first;
    else if (rule === 'isInt') field.type = 'integer';
    else if (rule === 'isNumber') field[`${of}type`] = 'number';
    else if (rule === 'isArray') field.type = 'array';
    else if (rule === 'isObject') field.type = 'object';
    else if (rule === 'isOptional') field.required = false;
    else if (rule !== 'isDefined' && rule !== 'nestedValidation') throw new Error(`no schema is known for "${rule}"`);
  }
  return fields;
}

/** The same of the schema. */
function describedBy(name: string): Record<string, Record<string, unknown>> {
  const { properties, required } = schemas[name]!;
  return Object.fromEntries(
    Object.entries(properties!).map(([field, schema]) => {
      const { type, minimum, maximum, pattern, maxItems, items } = schema;
      const flat = {
        required: required!.includes(field),
        ...{ type: 'allOf' in schema || '$ref' in schema ? 'object' : type, minimum, maximum, pattern, maxItems },
        ...{ 'items.type': items?.type, 'items.minimum': items?.minimum, 'items.maximum': items?.maximum },
      };
      return [field, Object.fromEntries(Object.entries(flat).filter(([, value]) => value !== undefined))];
    }),
  );
}

it.each([
  [Policy, PolicyDto],
  [Variant, PolicyVariantDto],
  [Shadow, PolicyShadowDto],
  [CanaryRules, PolicyGuardDto],
])('every field of %p is described as it is checked', (checked, described) => {
  const rules = ruledBy(checked);
  expect(Object.keys(rules).length).toBeGreaterThanOrEqual(2);
  expect(describedBy(described.name)).toEqual(rules);
});

it('what is sent is a policy whose revision may be missing', () => {
  const { revision, ...rest } = describedBy(PolicyDto.name);
  expect(describedBy(PolicyBody.name)).toEqual({ ...rest, revision: { ...revision, required: false } });
});
