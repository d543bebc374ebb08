/** The compose file as compose itself understands it: read by the specification's own library, in a small Go program. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtOnce, runTool, type Say } from '../native/tools-cache.ts';

export const composeFile = fileURLToPath(new URL('./compose.yaml', import.meta.url));
export const profiles = ['dev', 'loadtest', 'prodlike'] as const;
export type Profile = (typeof profiles)[number];

/** As far as the tests look at it; the library knows more. */
export interface ComposeProject {
  readonly services: { readonly [name: string]: ComposeService };
}

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: { readonly [name: string]: string };
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: { readonly [name: string]: { readonly condition: string } };
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly cpus?: number; readonly memory?: string } } };
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published?: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source?: string; readonly target: string }[];
  readonly restart?: string;
}

const program = fileURLToPath(new URL('./validator/', import.meta.url));

/** Builds the program once, through Go's module proxy. Throws `MissingServer` where there is no Go. */
export async function fetchValidator(say: Say): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(program, name)));
  const folder = await builtOnce(`compose-validator-${hash.digest('hex').slice(0, 16)}`, async (aside) => {
    say('builds the validator of compose files, once');
    const source = join(aside, 'source');
    cpSync(program, source, { recursive: true });
    await runTool({
      command: 'go',
      args: ['build', '-o', join(aside, 'validator'), '.'],
      cwd: source,
      environment: { CGO_ENABLED: '0' },
      get: 'install Go 1.24 or later (https://go.dev/dl, or apt-get install golang)',
    });
    rmSync(source, { recursive: true });
  });
  return join(folder, 'validator');
}

/** The project of each profile. Throws with the library's words where the file is wrong. */
export async function readCompose(
  file: string,
  say: Say = () => {},
): Promise<{ readonly [P in Profile]: ComposeProject }> {
  const validator = await fetchValidator(say);
  const printed = await runTool({ command: validator, args: [file, ...profiles], get: '', deadlineMs: 30_000 });
  return JSON.parse(printed) as { readonly [P in Profile]: ComposeProject };
}
