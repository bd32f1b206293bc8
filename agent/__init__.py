"""One host's eyes: discovery, check scheduler, spool, wire and uplink. Knows `checks`; runs on Python 3.9 too."""
