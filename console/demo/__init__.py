"""A simulated fleet that speaks the real wire: to see the console at size, to measure it, to take its pictures."""
