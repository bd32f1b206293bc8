"""What "healthy" means: probe → metric → threshold → result, and the states that results make.

Knows nothing of ours but itself. Runs on the agent's hosts, so on Python 3.9 too.
"""

__version__ = "0.1.0"
