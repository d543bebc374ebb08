/**
 * Environment of the server's programs: ours without what PostgreSQL reads from it (PGDATA, PGPORT, PGOPTIONS ...) and
 * without a locale, so that the same server comes out on every machine.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('PG') && !name.startsWith('LC_') && name !== 'LANG' && name !== 'LANGUAGE') {
      environment[name] = value;
    }
  }
  environment.LC_ALL = 'C';
  environment.TZ = 'UTC';
  return environment;
}
