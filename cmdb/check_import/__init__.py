"""Checks of other tools as rules of ours, as a starting point: what is not taken is listed, never silently lost."""
