/**
 * Real servers for a test file. What this machine cannot run is skipped with one line that says how to get it; a build
 * server demands every one of them (SLUICE_SERVERS=demanded), and there the same line fails the run.
 */
import { after } from 'node:test';
import { MissingServer } from '../infra/native/missing-server.ts';
import { type Servers, startServers } from '../infra/native/start-servers.ts';

export type { Servers };

export interface RealServers {
  /** Throws where they are not there: only for tests that are not skipped. */
  readonly servers: Servers;
  /** For the options of a test: why it is skipped, or false. */
  readonly skip: string | false;
}

/** Starts servers (`['kafka@3.9:1', 's3']`) that end with the test file. */
export async function realServers(wishes: readonly string[]): Promise<RealServers> {
  try {
    const servers = await startServers(wishes);
    after(() => servers.stop());
    return { servers, skip: false };
  } catch (error) {
    if (!(error instanceof MissingServer) || demanded()) throw error;
    const skip = `skipped: ${wishes.join(', ')}: ${error.message}`;
    return {
      get servers(): Servers {
        throw new Error(skip);
      },
      skip,
    };
  }
}

export function demanded(): boolean {
  return process.env.SLUICE_SERVERS === 'demanded';
}
