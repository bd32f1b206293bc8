"""What checks went through and measured, in a SQLite file beside the record. Losing it loses no state."""
