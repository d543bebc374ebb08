import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CrowdOrder, CrowdReport, OpenCrowd } from './socket-crowd.ts';

/** Readers in a process of their own. */
export class Crowd {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'socket-crowd.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Resolves once all are there. */
  async open(order: Omit<OpenCrowd, 'do'>): Promise<void> {
    await this.#ask({ do: 'open', ...order });
  }

  /** Counts from now on. */
  begin(): void {
    this.#child.send({ do: 'begin' } satisfies CrowdOrder);
  }

  async report(): Promise<CrowdReport> {
    return (await this.#ask({ do: 'report' })) as CrowdReport;
  }

  close(): Promise<void> {
    if (!this.#child.connected) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.send({ do: 'close' } satisfies CrowdOrder);
    });
  }

  #ask(order: CrowdOrder): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the process of the readers ended'));
      this.#child.once('exit', gone);
      this.#child.once('message', (answer) => {
        this.#child.off('exit', gone);
        resolve(answer);
      });
      this.#child.send(order);
    });
  }
}
