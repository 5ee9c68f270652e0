// `npm run build`: installs and compiles what is out of date.
import { prepare } from './prepare.mjs';

prepare();
