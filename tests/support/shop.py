"""The web server behind the service `shop` of the examples: well or down, and the service with it."""

from __future__ import annotations

from cmdb.hub.hub import Hub
from tests.support.hub import check, ci, put, until


async def set_web(hub: Hub, state: str) -> None:
    """The only web server is in this state, and the service has noticed."""
    await put(hub, ci("web-1", "endpoint"), check("web-1", state=state))
    expected = {"ok": "up", "critical": "down"}[state]
    await until(lambda: hub.services.state_of("shop") == expected, f"shop is {expected}")
