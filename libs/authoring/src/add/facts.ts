/** Where something that is known of a version comes from. */
export type Source = 'file' | 'option' | 'preset' | 'trial run' | 'assumed';

export interface Fact {
  what: string;
  value: string;
  source: Source;
}

export function fact(what: string, value: string, source: Source): Fact {
  return { what, value, source };
}
