import { IsOptional, Matches } from 'class-validator';
import { EyrieError } from '#core';
import { Whole } from '#validation';
import { RequestValidation } from './request-validation';

class TopK {
  @IsOptional()
  @Whole(1)
  top_k?: number;
}

class Named {
  @Matches(/^[a-z]+$/)
  model!: string;
}

const asQuery = { type: 'query', metatype: TopK } as const;

describe('RequestValidation', () => {
  const validation = new RequestValidation();

  it('makes the class that is asked for', async () => {
    await expect(validation.transform({ top_k: '3' }, asQuery)).resolves.toEqual(
      Object.assign(new TopK(), { top_k: 3 }),
    );
    const named = await validation.transform({ model: 'cats' }, { type: 'param', metatype: Named });
    expect(named).toBeInstanceOf(Named);
  });

  it('gives the same text the same object, which nobody can change', async () => {
    const first = (await validation.transform({ top_k: '2' }, asQuery)) as TopK;
    expect(await validation.transform({ top_k: '2' }, asQuery)).toBe(first);
    expect(() => (first.top_k = 9)).toThrow(TypeError);
    expect(await validation.transform({ top_k: '4' }, asQuery)).toMatchObject({ top_k: 4 });
  });

  it('tells classes apart that are asked with the same text', async () => {
    await validation.transform({}, asQuery);
    await expect(validation.transform({}, { type: 'query', metatype: Named })).rejects.toThrow(EyrieError);
  });

  it('refuses what is wrong each time', async () => {
    for (let i = 0; i < 2; i++) {
      await expect(validation.transform({ top_k: '0' }, asQuery)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      await expect(validation.transform({ top: '1' }, asQuery)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
  });

  it('gives each body an object of its own', async () => {
    const metadata = { type: 'body', metatype: TopK } as const;
    const first = await validation.transform({ top_k: '2' }, metadata);
    expect(await validation.transform({ top_k: '2' }, metadata)).not.toBe(first);
  });
});
