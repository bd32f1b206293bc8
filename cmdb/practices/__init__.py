"""The rules of the practices (incidents, service levels, on-call, …): pure functions and tables, no I/O."""
