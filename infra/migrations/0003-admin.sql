-- What operators did, and what waits for a second person.
--
-- The logs are the truth: every order of an operator is a record in its inbox. This is the list of them that is asked
-- for, with the sequence at which each took effect; rows are only ever added. Proposals are decided once, and a trigger
-- holds what a program might forget: whoever asked does not approve.

CREATE SCHEMA admin;

CREATE TABLE admin.actions (
  -- Packed position (log, partition, offset) of the order's record.
  position       bigint NOT NULL,
  -- Which log: a new one counts from 0 again.
  epoch          text   NOT NULL CHECK (length(epoch) BETWEEN 1 AND 100),
  -- Log time, microseconds since 1970, UTC.
  taken_at       bigint NOT NULL,
  action         text   NOT NULL,
  -- JSON text of what was ordered and of where it took effect.
  detail         text   NOT NULL,
  effects        text   NOT NULL,
  symbol         integer NOT NULL,
  account        bigint NOT NULL,
  reason         text   NOT NULL,
  requested_by   text   NOT NULL,
  approved_by    text   NOT NULL,
  CONSTRAINT actions_pkey PRIMARY KEY (epoch, position)
);

CREATE TABLE admin.adjustments (
  adjustment_id text    NOT NULL CONSTRAINT adjustments_pkey PRIMARY KEY CHECK (adjustment_id ~ '^adj_[A-Za-z0-9_-]{22}$'),
  account       bigint  NOT NULL CHECK (account > 0),
  asset         integer NOT NULL CHECK (asset > 0),
  -- Smallest units of the asset, signed.
  amount        bigint  NOT NULL CHECK (amount <> 0),
  reason        text    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  proposed_by   text    NOT NULL,
  proposed_at   bigint  NOT NULL,
  decision      text    CHECK (decision IN ('approved', 'declined')),
  decided_by    text,
  decided_at    bigint,
  -- What the exchange answered: done with the account's sequence, or a reject reason. NULL: not answered yet.
  outcome       text,
  sequence      bigint,
  CONSTRAINT decided_whole CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)),
  CONSTRAINT two_people CHECK (decision IS DISTINCT FROM 'approved' OR decided_by <> proposed_by),
  CONSTRAINT only_approved_take_effect CHECK (outcome IS NULL OR decision = 'approved')
);

CREATE INDEX actions_by_time ON admin.actions (taken_at DESC, position DESC);
CREATE INDEX adjustments_waiting ON admin.adjustments (proposed_at) WHERE decision IS NULL OR (decision = 'approved' AND outcome IS NULL);

CREATE FUNCTION admin.decide_once() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF OLD.decision IS NOT NULL AND (NEW.decision, NEW.decided_by, NEW.decided_at) IS DISTINCT FROM (OLD.decision, OLD.decided_by, OLD.decided_at) THEN
    RAISE EXCEPTION 'adjustment % is decided', OLD.adjustment_id USING ERRCODE = 'SL007';
  END IF;
  IF OLD.outcome IS NOT NULL AND (NEW.outcome, NEW.sequence) IS DISTINCT FROM (OLD.outcome, OLD.sequence) THEN
    RAISE EXCEPTION 'adjustment % has its outcome', OLD.adjustment_id USING ERRCODE = 'SL007';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER decide_once BEFORE UPDATE ON admin.adjustments FOR EACH ROW EXECUTE FUNCTION admin.decide_once();

REVOKE ALL ON SCHEMA admin FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA admin FROM PUBLIC;
GRANT USAGE ON SCHEMA admin TO sluice_identity, sluice_reader;
GRANT SELECT, INSERT ON admin.actions, admin.adjustments TO sluice_identity;
GRANT UPDATE (decision, decided_by, decided_at, outcome, sequence) ON admin.adjustments TO sluice_identity;
GRANT SELECT ON admin.actions, admin.adjustments TO sluice_reader;
