"""The headless hub: ingest, ledger, clocks, feed, and the ends that agents and people talk to."""
