-- Schema 1. Moments of transitions are microseconds, starts of rollups seconds since 1970 UTC.
CREATE TABLE checked (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);

CREATE TABLE transition (
    number INTEGER PRIMARY KEY,
    checked INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    hard INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    body BLOB NOT NULL, -- msgpack: cmdb.series.transition.Transition
    UNIQUE (checked, at, state, hard, attempt)
);
CREATE INDEX transition_at ON transition (at);

CREATE TABLE measured (
    number INTEGER PRIMARY KEY,
    checked INTEGER NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (checked, name)
);

CREATE TABLE rollup (
    measured INTEGER NOT NULL,
    span_s INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    total REAL NOT NULL,
    minimum REAL NOT NULL,
    maximum REAL NOT NULL,
    last REAL NOT NULL,
    buckets BLOB NOT NULL, -- msgpack: bucket → how many values
    PRIMARY KEY (measured, span_s, start)
) WITHOUT ROWID;

-- The last message of each agent that is in here: one that is told again after a crash is not counted twice.
CREATE TABLE told (
    agent TEXT PRIMARY KEY,
    serial INTEGER NOT NULL
) WITHOUT ROWID;
