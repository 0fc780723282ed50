/**
 * The history's tables, as steps: step k brings a store of `user_version` k to k + 1. A step that was ever released is never
 * changed; a later one changes what it made. Times are ISO 8601 in UTC, so that text sorts as time does.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,          -- the same in every store that it is imported into
    name TEXT NOT NULL,
    started TEXT NOT NULL,
    ended TEXT,
    outcome TEXT CHECK (outcome IN ('complete', 'budget', 'abandoned')),
    seed INTEGER NOT NULL,             -- all seeds of the night follow from it
    plan TEXT NOT NULL,                -- JSON
    CHECK ((ended IS NULL) = (outcome IS NULL))
  ) STRICT;
  CREATE TABLE cell (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kernel TEXT NOT NULL,
    profile TEXT NOT NULL,
    scenario TEXT NOT NULL,
    target TEXT NOT NULL,
    patches TEXT NOT NULL              -- JSON, names
  ) STRICT;
  -- What was handed to an executor, kept before it is.
  CREATE TABLE dispatch (
    campaign INTEGER NOT NULL REFERENCES campaign,
    cell INTEGER NOT NULL REFERENCES cell,
    seed INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    started TEXT NOT NULL,
    job TEXT NOT NULL,                 -- JSON, all that the executor needs
    reference TEXT,                    -- what the executor knows it by
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'lost')),
    PRIMARY KEY (campaign, cell, seed, attempt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dispatch_by_state ON dispatch (campaign, state);
  CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign INTEGER NOT NULL REFERENCES campaign,
    cell INTEGER NOT NULL REFERENCES cell,
    seed INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
    verdict TEXT NOT NULL CHECK (verdict IN ('PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR')),
    started TEXT NOT NULL,
    seconds REAL NOT NULL,
    folder TEXT NOT NULL,
    UNIQUE (campaign, cell, seed, attempt, folder)
  ) STRICT;
  -- Two attempts at one thing cannot both count.
  CREATE UNIQUE INDEX run_counts ON run (campaign, cell, seed) WHERE counts = 1;
  CREATE INDEX run_by_cell ON run (cell, id);
  CREATE TABLE document (
    run INTEGER PRIMARY KEY REFERENCES run,
    result TEXT NOT NULL               -- the result document, JSON
  ) STRICT;
  CREATE TABLE finding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run,
    rule TEXT NOT NULL,
    signature TEXT NOT NULL,
    count INTEGER NOT NULL,
    firstGuestSecond REAL NOT NULL,
    UNIQUE (run, signature)
  ) STRICT;
  CREATE INDEX finding_by_signature ON finding (signature, id);
  -- Append-only while a campaign runs; whoever follows it reads on from the last id he saw.
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign INTEGER NOT NULL REFERENCES campaign,
    at TEXT NOT NULL,
    event TEXT NOT NULL                -- JSON, ProgressEvent
  ) STRICT;
  CREATE INDEX progress_by_campaign ON progress (campaign, id);
  `,
  `
  -- The load of a run that ended is removed without a look at all the others.
  CREATE INDEX progress_load ON progress (campaign, event ->> 'cell', event ->> 'seed') WHERE event ->> 'kind' = 'load';
  `,
]
