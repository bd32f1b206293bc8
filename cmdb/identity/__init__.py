"""Which configuration item is this observation of? Keys, comparison, decision, and taking a decision back.

Pure: no I/O, no clock. `keys` makes values comparable, `blacklist` says which of them identify nothing, `compare` puts
two sets of keys side by side, `rules` judges one pair, `decide` all candidates, `index` finds them, `merge` joins and
parts records by hand. What a report then changes in the record: `cmdb.reconcile`.
"""
