"""What was measured of one metric of one check: on its way in, and as it is read."""

from __future__ import annotations

import msgspec

from checks.rollup import Rollup


class Measured(msgspec.Struct, frozen=True):
    """Values of a metric over a minute or less."""

    check: str
    metric: str
    unit: str
    rollup: Rollup


class Series(msgspec.Struct, frozen=True):
    """A metric in stretches of one span, in order of time; stretches without a value are left out."""

    metric: str
    unit: str
    points: list[Rollup]
