/** Prints the hash over an hour of simulated market: run in other environments, it must print the same. */
import { HashingStore, newHead, runStep, simulatedSteps } from './head-in-memory.ts';

const store = new HashingStore();
const head = newHead(store);
for (const step of simulatedSteps(1)) runStep(head, step);
process.stdout.write(`${store.digest()}\n`);
