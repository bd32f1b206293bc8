"""Approved states and redundancy groups as live views: what moves their counts."""

from __future__ import annotations

import msgspec

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from tests.integration.test_duty_views import reads
from tests.support.hub import check, ci, put


async def test_a_baselines_drift_is_counted_as_it_happens(hub: Hub, client: HubClient) -> None:
    package = ci("openssl", "package", host="web-1", key="openssl", attributes={"version": "3.0"})
    await put(hub, ci("web-1", "host", host="web-1", key="host"), package)
    await client.call("baseline.set", id="web-1")
    view = await client.open_view("baselines")
    assert (view.rows["web-1"]["drift"], "items" in view.rows["web-1"]) == (0, True)
    known = msgspec.convert(await hub.store.get(Kind.CI, "openssl"), ConfigurationItem)
    await put(hub, msgspec.structs.replace(known, attributes={"version": "3.1"}))
    assert (await reads(view, drift=1))["ci_name"] == "web-1"
    await client.call("baseline.ignore", id="web-1", item="package/openssl", text="CHG-7")
    await reads(view, drift=0, waived=1)


async def test_a_groups_members_are_counted_as_they_fail(hub: Hub, client: HubClient) -> None:
    await put(hub, *(ci(name, "software") for name in ("lb", "web-1", "web-2", "web-3")))
    view = await client.open_view("groups")
    assert not view.ids
    await client.call("ci.group.add", id="lb", name="backends", members=["web-1", "web-2", "web-3"], needed=2)
    assert (await reads(view, well=3, spare=1))["dependant_name"] == "lb"
    await put(hub, check("web-2", state="critical"))
    row = await reads(view, well=2, spare=0)
    assert [member["state"] for member in row["members"]] == [None, "critical", None]
    await client.call("ci.group.remove", id="lb", name="backends", members=["web-2"])
    await reads(view, well=2, spare=0, members=[row["members"][0], row["members"][2]])
