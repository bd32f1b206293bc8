"""Collectors: each a source, a pure parse and recorded samples. A new platform is a new recorded file."""
