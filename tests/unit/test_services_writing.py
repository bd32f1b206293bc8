from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.service import Agreement, Component, Holidays, Service
from cmdb.services_d.writing import as_toml
from cmdb.services_file import Declared, load_services
from cmdb.toml_file import TomlError

SHOP = Service(
    id="shop",
    name="shop",
    title="Web shop",
    criticality=1,
    components=(Component(name="web", select="class=endpoint name~web", rule="2", effect="degraded", optional=True),),
    hours="Mon-Fri 9-17",
    timezone="Europe/Madrid",
    holidays=Holidays(country="ES", dates=("12-24",)),
)
GOLD = Agreement(
    id="gold",
    name="gold",
    service="shop",
    kind="ola",
    target=0.9995,
    period="month",
    respond_minutes={"1": 15},
    resolve_minutes={"1": 240, "2": 480},
    pauses=("waiting for the user",),
    penalty=500.0,
    cost=12.5,
    notice_h=48.0,
    review_on="2027-01-15",
    slice_s=60.0,
    slice_target=0.95,
)


def read_again(text: str) -> Declared:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.toml").write_text(text)
        declared = load_services(Path(folder))
    return Declared(
        tuple(msgspec.structs.replace(one, source="built-in") for one in declared.services),
        tuple(msgspec.structs.replace(one, source="built-in") for one in declared.agreements),
    )


def test_what_is_written_is_what_is_read() -> None:
    assert read_again(as_toml([SHOP], [GOLD], about="two lines\nof comment")) == Declared((SHOP,), (GOLD,))


def test_what_is_as_by_default_is_not_written() -> None:
    text = as_toml([Service(id="x", name="x")], [Agreement(id="x", name="x", service="x", target=0.99)])
    assert text == '[[service]]\nname = "x"\n\n[[agreement]]\nname = "x"\nservice = "x"\ntarget = 0.99\n'


@given(st.text(), st.text())
def test_any_text_survives(title: str, consequences: str) -> None:
    service = msgspec.structs.replace(SHOP, title=title)
    agreement = msgspec.structs.replace(GOLD, consequences=consequences)
    assert read_again(as_toml([service], [agreement])) == Declared((service,), (agreement,))


def test_an_agreement_may_stand_beside_its_service_but_not_without_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[agreement]]\nname = "x"\nservice = "nothing"\ntarget = 0.9\n')
    with pytest.raises(TomlError, match=r"a\.toml:3: agreement\[0\]\.service: there is no service 'nothing'"):
        load_services(tmp_path)
    (tmp_path / "a.toml").write_text('[[agreement]]\nservice = "this-host"\ntarget = 0.9\n')
    assert load_services(tmp_path).agreements[0].name == "this-host"
