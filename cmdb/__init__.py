"""The system of record: model, identity, reconciliation, practices, store and the headless hub."""
