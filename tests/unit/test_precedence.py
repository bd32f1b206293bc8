"""Which source's value is kept, and where a person's differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from agent.wire import Item, SectionOutcome
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.precedence import Drift, drift
from cmdb.reconcile import OnRecord, Seen, reconcile

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def reported(
    before: ConfigurationItem | None,
    source: str,
    *,
    at: datetime = NOON,
    outcome: str = "ok",
    heard: dict[str, datetime] | None = None,
    **attributes: Any,
) -> ConfigurationItem:
    """The host after this source said this of it."""
    seen = Seen(SectionOutcome("host", outcome), [Item("host", "host", "web-1", attributes)])
    changes = reconcile("host-1", OnRecord(before), [seen], source=source, at=at, heard=heard or {})
    hosts = [change.record for change in changes if isinstance(change, Put)]
    found = hosts[0] if hosts else before
    assert isinstance(found, ConfigurationItem)
    return found


def test_case_30_a_persons_value_is_kept_and_drift_shows() -> None:
    host = msgspec.structs.replace(reported(None, "agent", site="muc"), overrides={"site": "ber", "owner": "mia"})
    host = reported(host, "agent", site="ham")
    assert host.overrides == {"site": "ber", "owner": "mia"}
    assert drift(host) == [Drift("site", "ber", "ham")]


def test_case_31_a_lesser_source_does_not_write_over_a_fresh_better_one() -> None:
    host = reported(None, "agent", memory_bytes=8)
    host = reported(host, "import glpi", at=NOON + HOUR, memory_bytes=7, location="rack 4")
    assert host.attributes == {"memory_bytes": 8, "location": "rack 4"}
    assert host.origins == {"location": "import glpi"}


def test_case_31_a_lesser_source_writes_where_the_better_one_is_stale() -> None:
    host = reported(None, "agent", memory_bytes=8)
    host = reported(host, "import glpi", at=NOON + 25 * HOUR, memory_bytes=7)
    assert host.attributes == {"memory_bytes": 7}
    host = reported(host, "agent", at=NOON + 26 * HOUR, memory_bytes=16)
    assert (host.attributes, host.origins) == ({"memory_bytes": 16}, {})


def test_an_agent_that_spoke_though_nothing_changed_is_not_stale() -> None:
    host = reported(None, "agent", memory_bytes=8)
    heard = {"agent": NOON + 24 * HOUR}
    host = reported(host, "import glpi", at=NOON + 25 * HOUR, heard=heard, memory_bytes=7)
    assert host.attributes == {"memory_bytes": 8}


@pytest.mark.parametrize("first", ["agent", "import glpi"])
def test_whoever_comes_first_the_better_source_is_kept(first: str) -> None:
    """Case 29."""
    values = {"agent": 8, "import glpi": 7}
    host = None
    for source in (first, *(values.keys() - {first})):
        host = reported(host, source, memory_bytes=values[source])
    assert host is not None
    assert host.attributes == {"memory_bytes": 8}


def test_a_whole_view_takes_away_its_own_values_only() -> None:
    host = reported(None, "agent", memory_bytes=8, product="R640")
    host = reported(host, "import glpi", location="rack 4")
    host = reported(host, "agent", memory_bytes=8)
    assert host.attributes == {"memory_bytes": 8, "location": "rack 4"}
    host = reported(host, "agent", outcome="partial")
    assert host.attributes == {"memory_bytes": 8, "location": "rack 4"}
