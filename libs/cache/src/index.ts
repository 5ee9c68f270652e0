export { type Answer, AnswerCache, type CacheQuestion, type CacheSource } from './answer-cache';
export type { Shared, Waiter } from './flights';
export type { CacheObserver } from './answer-cache.module';
