#!/usr/bin/env bash
# A standby that follows through its slot; copied from the primary where there is nothing yet.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  install --directory --owner=postgres --group=postgres --mode=0700 "$PGDATA"
  gosu postgres pg_basebackup --pgdata="$PGDATA" --write-recovery-conf --slot=standby --wal-method=stream \
    --dbname="host=$PRIMARY_HOST user=replication_of_sluice password=$REPLICATION_PASSWORD application_name=standby"
  # It waits for nobody itself, until it is told otherwise after a promotion.
  echo "synchronous_standby_names = ''" >> "$PGDATA/postgresql.auto.conf"
fi
exec docker-entrypoint.sh postgres
