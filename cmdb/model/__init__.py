"""The records of the CMDB, one noun per module. Frozen, no I/O; what the store holds is their msgpack form.

Every record has a `version`, set by the ledger: 1 when created, one more at each change. Moments are aware
datetimes in UTC; JSON shows them as ISO 8601 with `Z`.
"""
