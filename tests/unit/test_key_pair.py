"""An agent's key and its succession, cut at every step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.key_pair import KeyPair, NoKeyMade
from cmdb.ssh_key import public_key
from tests.programs import needs


@pytest.fixture
def pair(tmp_path: Path) -> KeyPair:
    needs("ssh-keygen")
    return KeyPair(tmp_path)


def test_a_key_is_made_once_for_its_owner_alone(pair: KeyPair) -> None:
    made = pair.public()
    assert public_key(made) == made
    assert pair.public() == made
    assert pair.path.stat().st_mode & 0o777 == 0o600


def test_a_successor_leaves_the_key_as_it_is_until_it_is_taken(pair: KeyPair) -> None:
    old, new = pair.public(), pair.successor()
    assert (pair.public(), pair.successor()) == (old, new)
    assert not pair.succeed(old)
    assert pair.public() == old
    assert pair.succeed(new)
    assert pair.public() == new
    assert not pair.succeed(new)
    assert sorted(path.name for path in pair.path.parent.iterdir()) == ["id_ed25519", "id_ed25519.pub"]


def test_a_successor_that_was_cut_while_it_was_made_is_made_anew(pair: KeyPair, tmp_path: Path) -> None:
    pair.public()
    (tmp_path / "id_ed25519.next").write_text("half a k")
    new = pair.successor()
    assert pair.succeed(new)
    assert pair.public() == new


def test_a_succession_cut_between_its_two_files_still_has_one_key(pair: KeyPair, tmp_path: Path) -> None:
    pair.public()
    new = pair.successor()
    (tmp_path / "id_ed25519.pub").unlink()
    (tmp_path / "id_ed25519.next").replace(pair.path)
    assert pair.public() == new


@pytest.mark.slow
def test_without_ssh_keygen_the_stand_in_makes_the_same(
    pair: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        made = pair.public()
        (tmp_path / "id_ed25519.pub").unlink()
        assert pair.public() == made
    assert pair.path.stat().st_mode & 0o777 == 0o600
    told = subprocess.run(["ssh-keygen", "-y", "-f", str(pair.path)], capture_output=True, text=True, check=True).stdout
    assert " ".join(told.split()[:2]) == made


def test_where_no_key_can_be_made_it_says_why(pair: KeyPair, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519.next.pub").mkdir()
    pair.public()
    with pytest.raises(NoKeyMade, match="no key was made"):
        pair.successor()
