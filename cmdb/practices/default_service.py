"""The service that is there without any file: this host, and what is agreed about it by default."""

from __future__ import annotations

from cmdb.model.service import Agreement, Component, Service

NAME = "this-host"
SET_UP = "[.](service|socket)$|^container/"  # names of software that a unit or a container runs
BUILT_IN = "built-in"  # the source of what nobody declared: nobody is to complete it either


def this_host(host: str | None, *, has_units: bool = False) -> Service:
    """What this host gives: what is set up to listen on it. Its own health and its filesystems can only degrade that.

    What somebody started by hand (a development server) is checked, but no outage of the host when it ends: only what
    belongs to a systemd unit or a container is set up to be there. Where there are no units nothing tells the one from
    the other, and all that listens counts. `host` is the host's id; until it is known the service is unknown.
    """
    components = () if host is None else _components(host, has_units=has_units)
    return Service(id=NAME, name=NAME, title="This host", kind="technical", criticality=2, components=components)


def default_agreement() -> Agreement:
    """99.9 % over 30 days."""
    return Agreement(id=NAME, name=NAME, service=NAME, period="30d", target=0.999)


def _components(host: str, *, has_units: bool) -> tuple[Component, ...]:
    which = f' software=~"{SET_UP}"' if has_units else ""
    return (
        Component(name="endpoints", select=f"class=endpoint host={host}{which}", optional=True),
        Component(name="host", select=f"class=host id={host}", effect="degraded"),
        Component(name="filesystems", select=f"class=filesystem host={host}", effect="degraded"),
    )
