"""Where records are kept: one narrow protocol, an embedded store, an in-memory reference, later PostgreSQL."""
