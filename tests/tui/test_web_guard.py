"""Who may have a session in a browser."""

from __future__ import annotations

import pytest

from console.web.guard import Guard

GUARD = Guard(8022, "secret")
OURS = {"Host": "127.0.0.1:8022", "Origin": "http://127.0.0.1:8022"}


def test_our_own_page_with_the_token_is_let_in() -> None:
    assert GUARD.lets_in("secret", OURS)
    assert GUARD.lets_in("secret", {"Host": "localhost:8022", "Origin": "http://localhost:8022"})


@pytest.mark.parametrize(
    ("token", "changed"),
    [
        pytest.param("", {}, id="no token"),
        pytest.param("Secret", {}, id="another token"),
        pytest.param("sécret", {}, id="a token that is no ASCII"),
        pytest.param("secret", {"Origin": "http://evil.example"}, id="a page from elsewhere"),
        pytest.param("secret", {"Origin": ""}, id="no page"),
        pytest.param("secret", {"Origin": "http://127.0.0.1:9000"}, id="another server on this machine"),
        pytest.param("secret", {"Host": "evil.example:8022"}, id="a name that was pointed here"),
    ],
)
def test_everybody_else_is_not(token: str, changed: dict[str, str]) -> None:
    assert not GUARD.lets_in(token, OURS | changed)


def test_tokens_differ_and_are_not_in_what_is_logged() -> None:
    assert Guard(1).token != Guard(1).token
    assert "secret" not in repr(GUARD)
    assert GUARD.link == "http://127.0.0.1:8022/#secret"
