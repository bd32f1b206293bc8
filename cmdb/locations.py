"""Every path of an installation, in one place. An installation is one state directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def default_state_dir() -> Path:
    """`WATCHDECK_STATE`, else `$XDG_STATE_HOME/watchdeck`, else `~/.local/state/watchdeck`."""
    if named := os.environ.get("WATCHDECK_STATE"):
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "watchdeck"


@dataclass(frozen=True)
class Locations:
    """The files of the installation in `state`. Nothing an instance makes lies outside it."""

    state: Path

    @property
    def config(self) -> Path:
        return self.state / "watchdeck.toml"

    @property
    def services_dir(self) -> Path:
        return self.state / "services.d"

    @property
    def oncall(self) -> Path:
        """Who can be told, and how."""
        return self.state / "oncall.toml"

    @property
    def database(self) -> Path:
        return self.state / "watchdeck.db"

    @property
    def series(self) -> Path:
        """What checks did and measured over time."""
        return self.state / "series.db"

    @property
    def lock(self) -> Path:
        """Held by the hub while it runs; holds its pid."""
        return self.state / "hub.lock"

    @property
    def watched(self) -> Path:
        """Until when the hub watched: what tells a hub after a crash how long nobody did."""
        return self.state / "watched"

    @property
    def hub_socket(self) -> Path:
        """People: command line and console."""
        return self.state / "hub.sock"

    @property
    def agent_socket(self) -> Path:
        """The local agent, in the wire of the remote ones."""
        return self.state / "agent.sock"

    @property
    def agent_state(self) -> Path:
        """The local agent's own directory: its id and spool."""
        return self.state / "agent"

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def logs(self) -> Path:
        return self.state / "log"
