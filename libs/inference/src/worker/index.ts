// The door for the part of a task that runs in a worker; nothing in the server's process may come in by it.
export { ModelLoadError } from './model-load-error';
export { runtimeError } from './runtime-error';
export { serveTasks } from './serve-tasks';
export type {
  LoadContext,
  LoadedRunner,
  LoadTask,
  PreparedBatch,
  RunProgress,
  RunResult,
  WarmUp,
  WorkerItem,
  WorkerTask,
} from './worker-task';
