-- Schema 1. Moments are microseconds since 1970 UTC. `body` and `change` are msgpack, sealed: the last four
-- bytes are a checksum over the row (cmdb/store/seal.py).

-- Records as they are now; rowid is the order of insertion.
CREATE TABLE document (
    rowid INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (kind, id)
);

-- Records as they were from (seq, at) until (until_seq, until_at).
CREATE TABLE past (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    until_seq INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, id, until_seq)
) WITHOUT ROWID;
CREATE INDEX past_until ON past (kind, until_at);

-- One attribute from → to; who and why are the audit row's of the same seq.
CREATE TABLE history (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    attribute TEXT NOT NULL,
    change BLOB NOT NULL,
    PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE INDEX history_record ON history (kind, id, seq);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    summary TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);

-- One row: where the log ends, how many documents there are, and the sum of their checksums.
CREATE TABLE head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    documents INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
