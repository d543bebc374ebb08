-- Identity: who may ask, and as whom. Not derived from any log: this is the one schema whose loss cannot be mended by a
-- replay, so it is what a backup must hold.
--
-- Nothing in here opens a door by itself: passwords are scrypt, refresh tokens SHA-256, API keys are public keys or
-- secrets sealed with a key that lies outside the database.
--
-- Money is not in here either: an account is a number, and what it has is the fold of the accounts log.
--
-- Instants are microseconds since 1970, UTC. The role sluice_identity reads and writes; nobody deletes.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice_identity') THEN
    CREATE ROLE sluice_identity NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
END
$$;

CREATE SCHEMA identity;

-- Gateways ask "what changed since": the clock of the database stamps every change, also one made by hand.
CREATE FUNCTION identity.stamp_change() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.changed_at := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  RETURN NEW;
END
$$;

-- Above every account that the house or a development token uses; never reused, also when a registration fails.
CREATE SEQUENCE identity.accounts AS bigint MINVALUE 100000 MAXVALUE 9007199254740991 START 100000 NO CYCLE;

CREATE TABLE identity.users (
  user_id       text   NOT NULL CONSTRAINT users_pkey PRIMARY KEY CHECK (user_id ~ '^usr_[A-Za-z0-9_-]{22}$'),
  -- In lower case.
  email         text   NOT NULL CONSTRAINT users_email_key UNIQUE CHECK (email = lower(email) AND length(email) <= 254),
  -- scrypt$N$r$p$salt$key, both base64url.
  password_hash text   NOT NULL CHECK (password_hash LIKE 'scrypt$%'),
  account       bigint NOT NULL CONSTRAINT users_account_key UNIQUE CHECK (account >= 100000),
  roles         text[] NOT NULL DEFAULT '{trader}' CHECK (roles <@ '{trader,analyst,ops,admin}'::text[]),
  created_at    bigint NOT NULL,
  -- The paper money of the account is in the log; NULL: to be given yet.
  funded_at     bigint,
  changed_at    bigint NOT NULL DEFAULT 0
);

CREATE TABLE identity.sessions (
  session_id      text    NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY CHECK (session_id ~ '^ses_[A-Za-z0-9_-]{22}$'),
  user_id         text    NOT NULL REFERENCES identity.users,
  account         bigint  NOT NULL,
  created_at      bigint  NOT NULL,
  expires_at      bigint  NOT NULL,
  -- Of the one refresh token that counts now.
  generation      integer NOT NULL CHECK (generation >= 1),
  token_sha256    bytea   NOT NULL CHECK (length(token_sha256) = 32),
  revoked_at      bigint,
  revoked_because text,
  changed_at      bigint  NOT NULL DEFAULT 0
);
CREATE INDEX sessions_by_user ON identity.sessions (user_id);

-- Refresh tokens that were used. One that comes again was stolen, from us or from its owner: the session ends.
CREATE TABLE identity.spent_refresh_tokens (
  session_id   text    NOT NULL REFERENCES identity.sessions,
  generation   integer NOT NULL,
  token_sha256 bytea   NOT NULL,
  spent_at     bigint  NOT NULL,
  CONSTRAINT spent_refresh_tokens_pkey PRIMARY KEY (session_id, generation)
);

CREATE TABLE identity.api_keys (
  key_id          text    NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY CHECK (key_id ~ '^key_[A-Za-z0-9_-]{22}$'),
  user_id         text    NOT NULL,
  account         bigint  NOT NULL,
  name            text    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  kind            text    NOT NULL CHECK (kind IN ('ed25519', 'hmac-sha256')),
  -- 32 bytes; of ed25519 only.
  public_key      bytea   CHECK (length(public_key) = 32),
  -- Nonce (12), ciphertext (32), tag (16) of AES-256-GCM; of hmac-sha256 only.
  sealed_secret   bytea   CHECK (length(sealed_secret) = 60),
  scopes          text[]  NOT NULL CHECK (cardinality(scopes) >= 1 AND scopes <@ '{read,trade,admin}'::text[]),
  -- Networks that it may be used from; empty: any.
  addresses       inet[]  NOT NULL,
  -- How old a request may be.
  window_ms       integer NOT NULL CHECK (window_ms BETWEEN 1 AND 60000),
  created_at      bigint  NOT NULL,
  expires_at      bigint,
  revoked_at      bigint,
  revoked_because text,
  changed_at      bigint  NOT NULL DEFAULT 0,
  CONSTRAINT one_kind_of_key CHECK ((kind = 'ed25519') = (public_key IS NOT NULL) AND (kind = 'hmac-sha256') = (sealed_secret IS NOT NULL))
);
CREATE INDEX api_keys_by_user ON identity.api_keys (user_id);

CREATE TRIGGER stamp_change BEFORE INSERT OR UPDATE ON identity.users FOR EACH ROW EXECUTE FUNCTION identity.stamp_change();
CREATE TRIGGER stamp_change BEFORE INSERT OR UPDATE ON identity.sessions FOR EACH ROW EXECUTE FUNCTION identity.stamp_change();
CREATE TRIGGER stamp_change BEFORE INSERT OR UPDATE ON identity.api_keys FOR EACH ROW EXECUTE FUNCTION identity.stamp_change();
CREATE INDEX users_by_change ON identity.users (changed_at);
CREATE INDEX sessions_by_change ON identity.sessions (changed_at);
CREATE INDEX api_keys_by_change ON identity.api_keys (changed_at);

-- Which key seals the secrets: a gateway with another one must not seal new ones beside them.
CREATE TABLE identity.sealing (
  only_row    boolean NOT NULL DEFAULT true CONSTRAINT sealing_pkey PRIMARY KEY CHECK (only_row),
  -- SHA-256 of the sealing key.
  key_sha256  bytea   NOT NULL CHECK (length(key_sha256) = 32)
);

REVOKE ALL ON SCHEMA identity FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA identity FROM PUBLIC;
GRANT USAGE ON SCHEMA identity TO sluice_identity;
GRANT USAGE ON SEQUENCE identity.accounts TO sluice_identity;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA identity TO sluice_identity;
GRANT UPDATE (password_hash, roles, funded_at) ON identity.users TO sluice_identity;
GRANT UPDATE (generation, token_sha256, revoked_at, revoked_because) ON identity.sessions TO sluice_identity;
GRANT UPDATE (revoked_at, revoked_because) ON identity.api_keys TO sluice_identity;
