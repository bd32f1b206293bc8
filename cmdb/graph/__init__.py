"""Who is hit when something fails, and on what does it stand: the record as a graph of trouble.

An edge leads from a CI to one that its trouble reaches (`practices.topology` says where). `graph` holds the edges,
live; `rows` the same compressed, for wide questions that follow each other; `walk` goes along them; `single_points`
asks what a service cannot do without. No I/O: fed with documents and deltas.
"""
