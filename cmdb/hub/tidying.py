"""Once a day the hub lets go of items that were retired long ago, and of the past that its rules no longer keep.

Which that is: `cmdb.hub.retired_items`, `cmdb.store.retention`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.hub.retired_items import let_go_of_retired
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import StoreError
from cmdb.store.retain import retain
from cmdb.store.retention import Rule

FIRST_AFTER_S = 600.0
EVERY_S = 86_400.0
_log = logging.getLogger(__name__)


async def tidy_daily(ledger: Ledger, clock: Clock, rules: Sequence[Rule]) -> None:
    """For as long as it is not cancelled; a disk that is full is tried again the next day."""
    store = ledger.store
    if not isinstance(store, EmbeddedStore):
        return
    await asyncio.sleep(FIRST_AFTER_S)
    while True:
        try:
            _log.info("%d retired items were let go", await let_go_of_retired(ledger, clock))
            _log.info("the past was tidied: %s", await retain(store, clock.now(), rules))
        except StoreError as error:
            _log.warning("the past is tidied again tomorrow: %s", error)
        await asyncio.sleep(EVERY_S)
