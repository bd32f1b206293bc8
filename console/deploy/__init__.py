"""Agents put on hosts, upgraded and taken away, over the hosts' own sshd."""
