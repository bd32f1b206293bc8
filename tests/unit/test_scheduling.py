"""Tests that would be in each other's way are kept in one worker."""

from __future__ import annotations

from tests.scheduling import group_of


def test_the_group_is_the_modules_mark() -> None:
    assert group_of("tests/hosts/test_deployment.py") == "hosts"
    assert group_of("tests/acceptance/test_console_in_a_terminal.py") == "terminal"
    assert group_of("tests/unit/test_routing.py") == ""
