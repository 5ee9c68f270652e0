// What asks the disk for a server. A disk that hangs stops this process, which can be killed, and no thread of the server.
import { LocalFiles } from '../local-files';
import type { FileCall, StorageAnswer, StorageQuestion } from '../storage-messages';

const tell = (answer: StorageAnswer): void => void process.send?.(answer);

async function carryOut({ id, call, args }: StorageQuestion): Promise<void> {
  const files = new LocalFiles(undefined, () => tell({ id, sign: true })) as unknown as Record<
    FileCall,
    (...args: unknown[]) => Promise<unknown>
  >;
  try {
    tell({ id, value: await files[call](...args) });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ id, error: { message, code } });
  }
}

process.on('message', (question: StorageQuestion) => void carryOut(question));
// The server says when. It may still write while it shuts down, and a Ctrl-C reaches both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.send?.('ready');
// Not process.exit(), which would wait for threads that hang.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
