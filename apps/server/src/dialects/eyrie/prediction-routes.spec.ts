import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { VersionPath } from '../../http/model-ref.dto';
import { PathPredictQuery, PredictQuery } from './predict.dto';
import { PREDICTION_ROUTES } from './prediction-routes';

const BY_QUERY = PREDICTION_ROUTES['/v1/predict']!;
const BY_PATH = PREDICTION_ROUTES['/v1/models/{model}/versions/{version}/predict']!;

const MODELS = ['resnet50', 'a', 'a.b_c-9', '', ' ', 'A', '-a', 'é', 'a/b', '..', 'a'.repeat(100), 'a'.repeat(101)];
const VERSIONS = ['1', '0', '01', '999999999', '1000000000', 'champion', 'a_b-9', '9a', '', ' ', 'A', '-', '1.0', '+1'];
const TOP_K = [
  '1',
  '007',
  '0',
  '',
  ' ',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '0x10',
  '9007199254740991',
  '9007199254740993',
  '1'.repeat(17),
];

const isValid = (dto: new () => object, values: object): boolean =>
  validateSync(plainToInstance(dto, values)).length === 0;

// What a controller lets through must have its permit.
it.each([
  ...MODELS.map((model) => ({ model })),
  ...VERSIONS.map((version) => ({ version })),
  ...TOP_K.map((top_k) => ({ top_k })),
])('the query %j is taken for valid if and only if its controller takes it', (query) => {
  expect(BY_QUERY({ parameters: {}, query }) !== undefined).toBe(isValid(PredictQuery, query));
});

it.each(MODELS.flatMap((model) => VERSIONS.map((version) => ({ model, version }))))(
  'so is the path of %j, as it is and with all of it encoded',
  (path) => {
    const encoded = { model: inHex(path.model), version: inHex(path.version) };
    for (const parameters of [path, encoded]) {
      expect(BY_PATH({ parameters, query: {} }) !== undefined).toBe(isValid(VersionPath, path));
    }
  },
);

it('takes what cannot be decoded for not valid', () => {
  expect(BY_PATH({ parameters: { model: '%ff', version: '1' }, query: {} })).toBeUndefined();
});

it('takes version numbers for numbers, and leaves out what is not asked for', () => {
  expect(BY_QUERY({ parameters: {}, query: {} })).toEqual({});
  expect(BY_QUERY({ parameters: {}, query: { version: '12' } })).toEqual({ version: 12 });
  expect(BY_PATH({ parameters: { model: 'm', version: 'champion' }, query: { top_k: '3' } })).toEqual({
    model: 'm',
    version: 'champion',
  });
  expect(isValid(PathPredictQuery, { top_k: '3' })).toBe(true);
});

function inHex(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&');
}
