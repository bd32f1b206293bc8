from __future__ import annotations

import pytest

from cmdb.practices.energy import HostSize, kwh_a_month


@pytest.mark.parametrize(
    ("busy", "kwh"),
    [(0.0, 2.2250), (1.0, 6.2546), (None, 4.2398), (7.0, 6.2546)],
    ids=["idle", "busy", "usual", "over"],
)
def test_two_threads_and_four_gigabytes(busy: float | None, kwh: float) -> None:
    assert kwh_a_month(HostSize(2, 4e9, busy)) == pytest.approx(kwh, abs=0.001)
