"""The people's side and the composition root: command line, Textual console, SSH front door."""
