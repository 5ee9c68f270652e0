// The door for the part of a task that runs in a worker; nothing in the server's process may come in by it.
export { ModelLoadError } from './session';
export { serveTasks } from './serve-tasks';
export type {
  LoadContext,
  LoadedRunner,
  PreparedBatch,
  RunProgress,
  RunResult,
  WorkerItem,
  WorkerTask,
} from './worker-task';
