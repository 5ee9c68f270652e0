export { check, flatten, inOneLine, isDeeperThan, type FieldProblem } from './check';
export { readEnvFile } from './env-file';
export { utf8Text } from './text';
export { Whole } from './whole';
export { FILE_NAME, FILE_NAME_RULE } from './file-name';
