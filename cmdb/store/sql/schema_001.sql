-- Schema 1. Moments are microseconds since 1970 UTC. `body` and `change` are msgpack, sealed: behind it lie the batch
-- that wrote them, the place in `past` of the version before, the document's number, and a checksum over the row
-- (cmdb/store/seal.py).
-- What a batch adds lies together at the end of its tables, and no index is scattered with it: hence the chains.

-- Records as they are now, numbered in order of creation. Memory knows the number of each, so there is no index on id.
CREATE TABLE document (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL
);

-- Records as they were until the batch `place >> 20` replaced or removed them, which came as its n-th: `place & 0xfffff`.
-- What was there at a moment lies in one run of it.
CREATE TABLE past (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    class TEXT NOT NULL, -- of a CI; '' for other kinds
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    checksum INTEGER NOT NULL -- over what the body's own does not cover
);

-- The last place of a record that was removed: where its chain of versions begins, as that of others does in `document`.
CREATE TABLE gone (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (kind, id, place)
) WITHOUT ROWID;

-- One attribute from → to; who and why are the audit row's of the same seq.
CREATE TABLE history (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    id TEXT NOT NULL,
    attribute TEXT NOT NULL,
    change BLOB NOT NULL,
    PRIMARY KEY (seq, n)
) WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    summary TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
);

-- One row: where the log ends, how many documents there are, and the sum of their checksums.
CREATE TABLE head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    documents INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    last_number INTEGER NOT NULL, -- that a document was given
    probes INTEGER NOT NULL, -- counts the attempts to write after a disk was full
    indexed_seq INTEGER NOT NULL -- up to which batch `fulltext` has the words of the documents
);
INSERT INTO head VALUES (1, 0, 0, printf('%064d', 0), 0, 0, 0, 0, 0);

-- How far the past of a kind and class was forgotten (it cannot be read as of a batch before `forgotten_seq`) and
-- folded (in `past`, up to `folded_place`).
CREATE TABLE retention (
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    forgotten_seq INTEGER NOT NULL DEFAULT 0,
    folded_place INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, class)
) WITHOUT ROWID;

-- The words of a document by which it is found, under its number; written a little later than the document.
CREATE VIRTUAL TABLE fulltext USING fts5 (words, tokenize = 'trigram');
