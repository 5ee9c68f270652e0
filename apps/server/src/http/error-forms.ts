import { Injectable } from '@nestjs/common';
import type { EyrieError } from '#core';

/** The body of an error, and its media type. */
export interface WrittenError {
  type: string;
  body: object;
}

/** How a dialect tells of an error; the status is that of the error's code in all of them. */
export type ErrorForm = (error: EyrieError, requestId: string) => WrittenError;

/** Which dialect a path belongs to, as far as its errors go, from the first stage on. */
@Injectable()
export class ErrorForms {
  private readonly forms: { prefix: string; form: ErrorForm }[] = [];

  /** @param prefix of all the paths of a dialect, such as `/v2`, in small letters */
  add(prefix: string, form: ErrorForm): void {
    this.forms.push({ prefix, form });
  }

  /** undefined for a path whose errors are problems, as RFC 9457 has them. */
  of(path: string): ErrorForm | undefined {
    // As Express finds routes: capitals make no difference.
    const found = this.forms.find(({ prefix }) => {
      const next = path[prefix.length];
      return (next === undefined || next === '/') && path.slice(0, prefix.length).toLowerCase() === prefix;
    });
    return found?.form;
  }
}
