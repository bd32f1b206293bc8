"""Once a day the hub lets go of the past that its rules no longer keep. Which that is: `cmdb.store.retention`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store, StoreError
from cmdb.store.retain import retain
from cmdb.store.retention import Rule

FIRST_AFTER_S = 600.0
EVERY_S = 86_400.0
_log = logging.getLogger(__name__)


async def tidy_daily(store: Store, clock: Clock, rules: Sequence[Rule]) -> None:
    """For as long as it is not cancelled; a disk that is full is tried again the next day."""
    if not isinstance(store, EmbeddedStore):
        return
    await asyncio.sleep(FIRST_AFTER_S)
    while True:
        try:
            _log.info("the past was tidied: %s", await retain(store, clock.now(), rules))
        except StoreError as error:
            _log.warning("the past is tidied again tomorrow: %s", error)
        await asyncio.sleep(EVERY_S)
