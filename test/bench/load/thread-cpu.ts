/** CPU time of the threads of this process, from /proc; where there is none, nothing is known and nothing is said. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

export interface ThreadCpu {
  readonly id: string;
  /** As the thread is called; a worker's name is cut to 15 characters. */
  readonly name: string;
  readonly seconds: number;
}

/** Every thread that runs now. */
export function threadsOfThisProcess(): ThreadCpu[] {
  const folder = '/proc/self/task';
  if (!existsSync(folder)) return [];
  const threads: ThreadCpu[] = [];
  for (const id of readdirSync(folder)) {
    try {
      const name = readFileSync(`${folder}/${id}/comm`, 'utf8').trim();
      threads.push({ id, name, seconds: secondsOf(`${folder}/${id}`) });
    } catch {
      // It ended between the two looks.
    }
  }
  return threads;
}

function secondsOf(folder: string): number {
  const text = readFileSync(`${folder}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
