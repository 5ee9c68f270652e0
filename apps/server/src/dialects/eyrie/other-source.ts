import { EyrieError, invalidField } from '#core';
import type { CsvSource, ImageSource, RowsSource, Source, TensorSource } from '../../inputs/source';

/** Of what is sent to a model that does not take it. @throws EyrieError INVALID_REQUEST for rows of a table */
export function requireNoTable(source: Source, takes: string): asserts source is ImageSource | TensorSource {
  if (!isTable(source)) return;
  const path =
    'rows' in source ? source.rows.flatMap((row) => (row instanceof EyrieError ? [] : row.path))[0] : undefined;
  const detail = `is for models of tables; this one takes ${takes}`;
  throw path === undefined ? new EyrieError('INVALID_REQUEST', `a CSV ${detail}`) : invalidField(path, detail);
}

function isTable(source: Source): source is RowsSource | CsvSource {
  return 'rows' in source || 'csv' in source;
}
