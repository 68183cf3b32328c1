/**
 * The tables of sealed personal data, beside `entry`: `sealed` (ciphertexts, which can be blanked and never deleted), `vault` (wrapped data
 * keys, the one table of the log's data that loses rows), `blind_index` (words nobody can read, rebuildable), and the keys of the tiers.
 * Triggers stop bugs, not attackers: the hash of each ciphertext stands in its entry.
 */
import { padTo, tagLength, tiers } from './sealed-field.ts';

const inTiers = `tier IN (${tiers.map((tier) => `'${tier}'`).join(', ')})`;
const hexId = (column: string) => `length(${column}) = 32 AND ${column} NOT GLOB '*[^0-9a-f]*'`;
const refuse = (why: string) => `BEGIN SELECT RAISE(ABORT, '${why}'); END`;

/** The SQL of every object, which `sqlite_schema` keeps word for word. */
export const vaultObjects = [
  `CREATE TABLE vault(
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL CHECK (${hexId('subject')}),
  tier TEXT NOT NULL CHECK (${inTiers}),
  kid TEXT NOT NULL CHECK (${hexId('kid')}),
  wrapped BLOB NOT NULL CHECK (length(wrapped) BETWEEN 1 AND 4096)
) STRICT`,
  `CREATE UNIQUE INDEX vault_kid ON vault(kid)`,
  `CREATE INDEX vault_subject ON vault(subject)`,
  `CREATE TRIGGER vault_unchanged BEFORE UPDATE ON vault
${refuse('a data key is never changed')}`,
  `CREATE TRIGGER vault_new BEFORE INSERT ON vault WHEN EXISTS (SELECT 1 FROM sealed WHERE kid = NEW.kid)
${refuse('a data key never comes back')}`,
  `CREATE TABLE sealed(
  seq INTEGER NOT NULL REFERENCES entry(seq),
  tier TEXT NOT NULL CHECK (${inTiers}),
  kid TEXT NOT NULL CHECK (${hexId('kid')}),
  salt BLOB NOT NULL CHECK (length(salt) IN (0, 32)),
  ciphertext BLOB NOT NULL CHECK (length(ciphertext) = 0 OR length(ciphertext) % ${padTo} = ${tagLength}),
  PRIMARY KEY (seq, tier),
  CHECK ((length(salt) = 0) = (length(ciphertext) = 0))
) STRICT`,
  `CREATE INDEX sealed_kid ON sealed(kid)`,
  `CREATE TRIGGER sealed_keyed BEFORE INSERT ON sealed
WHEN length(NEW.ciphertext) = 0 OR NOT EXISTS (SELECT 1 FROM vault WHERE kid = NEW.kid AND tier = NEW.tier)
${refuse('sealed fields need their ciphertext and their key')}`,
  `CREATE TRIGGER sealed_blanked BEFORE UPDATE ON sealed
WHEN length(NEW.ciphertext) > 0 OR NEW.seq IS NOT OLD.seq OR NEW.tier IS NOT OLD.tier OR NEW.kid IS NOT OLD.kid OR NEW.rowid IS NOT OLD.rowid
${refuse('sealed fields are never changed, only blanked')}`,
  `CREATE TRIGGER sealed_kept BEFORE DELETE ON sealed
${refuse('sealed fields are never deleted, only blanked')}`,
  `CREATE TABLE blind_index(
  id INTEGER PRIMARY KEY,
  tier TEXT NOT NULL CHECK (${inTiers}),
  term BLOB NOT NULL CHECK (length(term) = 32),
  seq INTEGER NOT NULL,
  subject TEXT NOT NULL CHECK (${hexId('subject')}),
  FOREIGN KEY (seq, tier) REFERENCES sealed(seq, tier)
) STRICT`,
  `CREATE UNIQUE INDEX blind_index_term ON blind_index(tier, term, seq)`,
  `CREATE INDEX blind_index_seq ON blind_index(seq, tier)`,
  `CREATE INDEX blind_index_subject ON blind_index(subject)`,
  `CREATE TRIGGER blind_index_unchanged BEFORE UPDATE ON blind_index
${refuse('a word of the index is never changed')}`,
  `CREATE TABLE tier_key(
  tier TEXT PRIMARY KEY CHECK (${inTiers}),
  recipient TEXT NOT NULL CHECK (recipient GLOB 'age1*'),
  index_key BLOB NOT NULL CHECK (length(index_key) BETWEEN 1 AND 4096)
) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER tier_key_unchanged BEFORE UPDATE ON tier_key
${refuse('the key of a tier is never changed')}`,
  `CREATE TRIGGER tier_key_kept BEFORE DELETE ON tier_key
${refuse('the key of a tier is never deleted')}`,
  `CREATE TABLE tier_grant(
  id INTEGER PRIMARY KEY,
  tier TEXT NOT NULL REFERENCES tier_key(tier),
  staff TEXT NOT NULL CHECK (length(staff) BETWEEN 1 AND 64),
  wrapped BLOB NOT NULL CHECK (length(wrapped) BETWEEN 1 AND 4096)
) STRICT`,
  `CREATE UNIQUE INDEX tier_grant_staff ON tier_grant(staff, tier)`,
  `CREATE TRIGGER tier_grant_unchanged BEFORE UPDATE ON tier_grant
${refuse('a grant is never changed')}`,
] as const;
