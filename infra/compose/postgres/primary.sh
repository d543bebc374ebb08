#!/usr/bin/env bash
# Makes a new server the primary of a synchronous standby. Takes effect when the server starts after its initialisation:
# set any earlier, the initialisation itself would wait for a standby that cannot be there yet.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE replication_of_sluice REPLICATION LOGIN PASSWORD :'password';
SELECT pg_create_physical_replication_slot('standby', true);
ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)';
ALTER SYSTEM SET max_slot_wal_keep_size = '10GB';
SQL
echo 'host replication replication_of_sluice all scram-sha-256' >> "$PGDATA/pg_hba.conf"
