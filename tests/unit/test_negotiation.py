from __future__ import annotations

import msgspec
import pytest

from cmdb.model.service import Agreement
from cmdb.practices.negotiation import (
    Difference,
    NotPossible,
    countered,
    differences,
    proposed,
    revised,
    signed,
    superseded,
    withdrawn,
)
from tests.unit.service_level_examples import utc

NOW = utc("2026-11-20 12:00")
FIRST = Agreement(id="shop", name="shop", service="shop", target=0.999)


def with_(agreement: Agreement, **terms: object) -> Agreement:
    return msgspec.structs.replace(agreement, **terms)


def test_a_revision_is_drafted_proposed_countered_and_signed_by_both() -> None:
    draft = with_(revised(FIRST, 2), target=0.9995)
    assert (draft.id, draft.state, draft.revision) == ("shop@2", "draft", 2)
    offer = with_(countered(proposed(draft)), cost=200.0)
    half = signed(offer, "mia", "provider", NOW)
    assert (half.id, half.state) == ("shop@2", "countered")
    whole = signed(half, "leo", "customer", NOW)
    assert (whole.id, whole.state, whole.starts_at) == ("shop", "signed", NOW)
    assert [(one.who, one.side) for one in whole.signatures] == [("mia", "provider"), ("leo", "customer")]


def test_what_was_in_force_is_kept_under_its_revision() -> None:
    assert (superseded(FIRST).id, superseded(FIRST).state) == ("shop@1", "superseded")


def test_a_counter_offer_undoes_signatures() -> None:
    half = signed(proposed(revised(FIRST, 2)), "mia", "provider", NOW)
    assert countered(half).signatures == ()


def test_the_difference_names_terms_and_not_the_state_of_the_negotiation() -> None:
    offer = with_(proposed(revised(FIRST, 2)), target=0.9995, penalty=500.0)
    assert differences(FIRST, offer) == (
        Difference(term="penalty", before=0.0, after=500.0),
        Difference(term="target", before=0.999, after=0.9995),
    )


def test_steps_that_the_table_does_not_have_are_refused_with_those_that_it_has() -> None:
    with pytest.raises(NotPossible, match="shop@2 is draft: it cannot sign, only propose, withdraw"):
        signed(revised(FIRST, 2), "mia", "provider", NOW)
    with pytest.raises(NotPossible, match="only nothing"):
        proposed(withdrawn(revised(FIRST, 2)))


def test_each_side_signs_once() -> None:
    offer = proposed(revised(FIRST, 2))
    with pytest.raises(NotPossible, match="not a side"):
        signed(offer, "mia", "bystander", NOW)
    with pytest.raises(NotPossible, match="signed by the provider already"):
        signed(signed(offer, "mia", "provider", NOW), "leo", "provider", NOW)
