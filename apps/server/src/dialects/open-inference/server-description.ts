import { BUILD_INFO } from '../../build-info';

/** What of Triton's extensions is spoken here, by the names that its own server gives them. */
const EXTENSIONS = [
  'binary_tensor_data',
  'classification',
  'model_configuration',
  'model_repository',
  'model_repository(unload_dependents)',
  'statistics',
];

/** What answers. */
export const SERVER: { readonly name: string; readonly version: string; readonly extensions: string[] } = {
  name: 'eyrie',
  version: BUILD_INFO.version,
  extensions: EXTENSIONS,
};
