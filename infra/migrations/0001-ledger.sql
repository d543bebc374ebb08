-- The ledger: append-only double entry.
--
-- One row is one whole entry; its postings are the four array columns, equal in length, so legs cannot be added to an
-- entry that exists. What must hold is held by the database itself:
--
--   postings of an entry sum to zero per asset          statement trigger (SQLSTATE SL001)
--   an entry begins at or behind its partition's cursor  statement trigger (SQLSTATE SL002)
--   accounts and ledger accounts fit, nothing is NULL    the same trigger (SQLSTATE SL006)
--   balances equal the fold of all postings              the same trigger keeps them; nobody else may write them
--   available and hold of a user are never negative      CHECK on balances (23514)
--   no amount overflows                                  bigint (22003); NaN does not exist in it
--   entries never change or vanish                       no UPDATE, DELETE, TRUNCATE for anyone but the owner
--
-- Roles: the owner runs migrations and nothing else; sluice_settle writes entries; sluice_reader reads.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice_settle') THEN
    CREATE ROLE sluice_settle NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice_reader') THEN
    CREATE ROLE sluice_reader NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
END
$$;

CREATE SCHEMA ledger;

-- How far each partition of the accounts log is settled. Changed by ledger.take_cursors and ledger.advance_cursor alone.
CREATE TABLE ledger.cursors (
  log               text     NOT NULL,
  account_partition smallint NOT NULL CHECK (account_partition >= 0),
  -- Offset of the first record that is not settled.
  next_sequence     bigint   NOT NULL CHECK (next_sequence >= 0),
  -- Start number of the settler that owns the partition; a fence, and never the proof.
  owner             bigint   NOT NULL,
  PRIMARY KEY (account_partition)
);

-- Start numbers of settlers.
CREATE SEQUENCE ledger.starts;

CREATE TABLE ledger.entries (
  -- (account partition x 2^40 + offset of the first record) x 2, plus 1 for netted holds.
  entry_id          bigint   NOT NULL,
  -- Offsets in the partition of the accounts log that the entry books.
  first_sequence    bigint   NOT NULL,
  last_sequence     bigint   NOT NULL,
  -- Log time of the last record booked, microseconds since 1970, UTC.
  moved_at          bigint   NOT NULL,
  -- The command behind it: packed position (log, partition, offset). NULL for netted holds.
  command_id        bigint,
  trade_id          bigint,
  trade_symbol      integer,
  account_partition smallint NOT NULL,
  -- t trade, h hold, d deposit, w withdrawal, a adjustment, r reversal
  kind              "char"   NOT NULL,
  accounts          bigint[] NOT NULL,
  -- a available, h hold, f fees, c clearing, o outside
  ledger_accounts   "char"[] NOT NULL,
  assets            smallint[] NOT NULL,
  amounts           bigint[] NOT NULL,
  -- The entry that a reversal takes back.
  reverses          bigint,
  -- Id of the deposit, withdrawal or adjustment, unique per account.
  reference         text,
  reason            text,
  CONSTRAINT entries_pkey PRIMARY KEY (entry_id),
  CONSTRAINT entry_id_names_its_place CHECK (entry_id >> 41 = account_partition AND (entry_id >> 1) & 1099511627775 = first_sequence),
  CONSTRAINT sequences_in_order CHECK (first_sequence >= 0 AND first_sequence <= last_sequence),
  CONSTRAINT known_kind CHECK (kind IN ('t', 'h', 'd', 'w', 'a', 'r')),
  CONSTRAINT postings_are_rows CHECK (
    cardinality(amounts) >= 2
    AND cardinality(accounts) = cardinality(amounts)
    AND cardinality(ledger_accounts) = cardinality(amounts)
    AND cardinality(assets) = cardinality(amounts)
    AND array_ndims(amounts) = 1
  )
);

-- Net of all postings per account and asset. Accounts below 100 belong to the house, exist in every partition, may be
-- negative, and have one ledger account each (1 outside, 2 fees, 3 clearing), which stands in `available`.
CREATE TABLE ledger.balances (
  account           bigint   NOT NULL,
  asset             smallint NOT NULL,
  account_partition smallint NOT NULL,
  available         bigint   NOT NULL,
  hold              bigint   NOT NULL,
  CONSTRAINT balances_pkey PRIMARY KEY (account, asset, account_partition),
  CONSTRAINT never_negative CHECK (account < 100 OR (available >= 0 AND hold >= 0)),
  CONSTRAINT house_holds_nothing CHECK (account >= 100 OR hold = 0)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 1.0);

-- sum() of bigint makes a numeric of every group; this one stays bigint, and overflows with 22003.
CREATE AGGREGATE ledger.exact_sum(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0');

CREATE FUNCTION ledger.refuse_posting(account bigint, asset smallint) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'a posting of account % and asset % has no amount, or a ledger account that the account does not have', account, asset
    USING ERRCODE = 'SL006';
END
$$;

-- Runs once per statement, as the owner. Plans by index: a block touches few of many balances, and the plan must not
-- depend on what the statistics happen to say.
CREATE FUNCTION ledger.post_entries() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET enable_hashjoin = off
  SET enable_mergejoin = off
AS $$
DECLARE
  bad record;
BEGIN
  SELECT entry_id, asset, ledger.exact_sum(amount) AS rest INTO bad
    FROM (SELECT entry_id, unnest(assets) AS asset, unnest(amounts) AS amount FROM new_entries) AS legs
    GROUP BY entry_id, asset
    HAVING ledger.exact_sum(amount) <> 0
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'postings of entry % do not sum to zero: asset % is off by %', bad.entry_id, bad.asset, bad.rest
      USING ERRCODE = 'SL001';
  END IF;

  SELECT e.account_partition, e.first_sequence, c.next_sequence INTO bad
    FROM (SELECT account_partition, min(first_sequence) AS first_sequence FROM new_entries GROUP BY 1) AS e
    LEFT JOIN ledger.cursors AS c USING (account_partition)
    WHERE c.next_sequence IS NULL OR e.first_sequence < c.next_sequence
    LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'an entry of partition % begins at %, but all below % is settled', bad.account_partition, bad.first_sequence, bad.next_sequence
      USING ERRCODE = 'SL002';
  END IF;

  MERGE INTO ledger.balances AS b
    USING (
      SELECT account, asset, account_partition,
             ledger.exact_sum(amount) FILTER (WHERE ledger_account <> 'h') AS available,
             ledger.exact_sum(amount) FILTER (WHERE ledger_account = 'h') AS hold,
             bool_and(coalesce(amount <> 0 AND CASE account
               WHEN 1 THEN ledger_account = 'o'
               WHEN 2 THEN ledger_account = 'f'
               WHEN 3 THEN ledger_account = 'c'
               ELSE account >= 100 AND (ledger_account = 'a' OR ledger_account = 'h') END, false)) AS well_formed
        FROM (SELECT account_partition, unnest(accounts) AS account, unnest(ledger_accounts) AS ledger_account,
                     unnest(assets) AS asset, unnest(amounts) AS amount FROM new_entries) AS legs
        GROUP BY account, asset, account_partition
    ) AS net
    ON b.account = net.account AND b.asset = net.asset AND b.account_partition = net.account_partition
    WHEN MATCHED AND net.well_formed THEN
      UPDATE SET available = b.available + net.available, hold = b.hold + net.hold
    WHEN MATCHED THEN
      UPDATE SET available = ledger.refuse_posting(net.account, net.asset)
    WHEN NOT MATCHED AND net.well_formed THEN
      INSERT (account, asset, account_partition, available, hold)
      VALUES (net.account, net.asset, net.account_partition, net.available, net.hold)
    WHEN NOT MATCHED THEN
      INSERT (account, asset, account_partition, available, hold)
      VALUES (ledger.refuse_posting(net.account, net.asset), net.asset, net.account_partition, 0, 0);
  RETURN NULL;
END
$$;

CREATE TRIGGER post_entries AFTER INSERT ON ledger.entries
  REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger.post_entries();

-- Lock the cursors of these partitions for this transaction, in order, and say where each stands; a partition that was
-- never settled begins at 0. SL003: a later start has taken the partition over.
CREATE FUNCTION ledger.take_cursors(of_log text, partitions smallint[], start bigint)
  RETURNS TABLE (account_partition smallint, next_sequence bigint)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted smallint;
  found_log text;
  found_owner bigint;
BEGIN
  FOREACH wanted IN ARRAY partitions LOOP
    SELECT c.log, c.next_sequence, c.owner INTO found_log, next_sequence, found_owner
      FROM ledger.cursors AS c WHERE c.account_partition = wanted FOR UPDATE;
    IF NOT FOUND THEN
      INSERT INTO ledger.cursors VALUES (of_log, wanted, 0, start);
      next_sequence := 0;
    ELSIF found_log <> of_log THEN
      RAISE EXCEPTION 'partition % was settled from log "%", not "%"', wanted, found_log, of_log USING ERRCODE = 'SL004';
    ELSIF found_owner > start THEN
      RAISE EXCEPTION 'partition % belongs to start %, this is start %', wanted, found_owner, start USING ERRCODE = 'SL003';
    ELSIF found_owner < start THEN
      UPDATE ledger.cursors AS c SET owner = start WHERE c.account_partition = wanted;
    END IF;
    account_partition := wanted;
    RETURN NEXT;
  END LOOP;
END
$$;

-- The cursor goes from where it is to where the block ends. SL005: it is not where the settler believes.
CREATE FUNCTION ledger.advance_cursor(partition smallint, from_sequence bigint, to_sequence bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE ledger.cursors AS c SET next_sequence = to_sequence
    WHERE c.account_partition = partition AND c.next_sequence = from_sequence AND to_sequence > from_sequence;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the cursor of partition % cannot go from % to %', partition, from_sequence, to_sequence USING ERRCODE = 'SL005';
  END IF;
END
$$;

-- What analysts read: one row a posting, in words.
CREATE VIEW ledger.postings AS
  SELECT entry_id, posting_number, account_partition, first_sequence, last_sequence, moved_at,
         CASE kind WHEN 't' THEN 'trade' WHEN 'h' THEN 'hold' WHEN 'd' THEN 'deposit' WHEN 'w' THEN 'withdrawal'
                   WHEN 'a' THEN 'adjustment' WHEN 'r' THEN 'reversal' END AS kind,
         account,
         CASE ledger_account WHEN 'a' THEN 'available' WHEN 'h' THEN 'hold' WHEN 'f' THEN 'fees'
                             WHEN 'c' THEN 'clearing' WHEN 'o' THEN 'outside' END AS ledger_account,
         asset, amount, trade_symbol, trade_id, command_id, reverses, reference, reason
    FROM (
      SELECT e.*, generate_subscripts(e.amounts, 1) AS posting_number, unnest(e.accounts) AS account,
             unnest(e.ledger_accounts) AS ledger_account, unnest(e.assets) AS asset, unnest(e.amounts) AS amount
        FROM ledger.entries AS e
    ) AS legs;

-- One row per account, ledger account and asset.
CREATE VIEW ledger.account_balances AS
  SELECT account, CASE account WHEN 1 THEN 'outside' WHEN 2 THEN 'fees' WHEN 3 THEN 'clearing' ELSE 'available' END AS ledger_account,
         asset, account_partition, available AS amount
    FROM ledger.balances
  UNION ALL
  SELECT account, 'hold', asset, account_partition, hold FROM ledger.balances WHERE account >= 100;

REVOKE ALL ON SCHEMA ledger FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO sluice_settle, sluice_reader;
GRANT SELECT, INSERT ON ledger.entries TO sluice_settle;
GRANT SELECT ON ledger.balances, ledger.cursors, ledger.postings, ledger.account_balances TO sluice_settle;
GRANT USAGE ON SEQUENCE ledger.starts TO sluice_settle;
GRANT EXECUTE ON FUNCTION ledger.take_cursors(text, smallint[], bigint), ledger.advance_cursor(smallint, bigint, bigint) TO sluice_settle;
GRANT SELECT ON ledger.entries, ledger.balances, ledger.cursors, ledger.postings, ledger.account_balances TO sluice_reader;
