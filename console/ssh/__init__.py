"""The front door: SSH for people and agents, on one port. Who may do what is in `rights`; the rest is plumbing."""
