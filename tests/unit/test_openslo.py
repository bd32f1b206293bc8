from __future__ import annotations

import re
from pathlib import Path

import pytest

from cmdb.model.service import Agreement, Service
from cmdb.openslo.agreement import taken, written
from cmdb.openslo.document import FieldError, read_documents
from cmdb.practices.period import period_window
from tests.unit.service_level_examples import span, utc

EXAMPLES = Path(__file__).parents[1] / "recorded" / "openslo"


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.yaml").read_text()


def test_the_example_by_ratio_timeslices_is_an_agreement_by_time() -> None:
    found = taken(read_documents(example("ratio-timeslices")), "x.yaml")
    [agreement] = found.agreements
    assert (agreement.name, agreement.service, agreement.period) == ("main-page", "web-shop", "14d")
    assert (agreement.target, agreement.slice_s) == (0.99, None)
    assert [service.name for service in found.services] == ["web-shop"]
    assert found.refused == ()


def test_the_example_of_low_traffic_is_an_agreement_by_slices() -> None:
    [agreement] = taken(read_documents(example("low-traffic-timeslices-slo")), "x.yaml").agreements
    assert (agreement.target, agreement.slice_s, agreement.slice_target) == (0.9995, 60, 0.95)
    window = period_window(agreement.period, utc("2026-11-21 10:00"), agreement.timezone)
    assert window == span("2026-11-14 17:00", "2026-11-21 17:00")


def test_the_example_that_counts_events_is_read_and_refused_as_an_agreement_by_its_field() -> None:
    documents = read_documents(example("occurences-slo"))
    assert documents.slos[0].spec.objectives[0].value == 500
    [refused] = taken(documents, "x.yaml").refused
    assert refused.startswith("search-slo: spec.budgetingMethod: Occurrences counts events")


def test_the_example_whose_month_is_a_minute_is_refused_by_its_field() -> None:
    found = taken(read_documents(example("timeslices-slo")), "x.yaml")
    assert found.agreements == ()
    [refused] = found.refused
    assert refused.startswith("service-availability: spec.timeWindow[0].duration: 1m is not a day")
    assert refused.endswith("a calendar month is 1M")


# What becomes of each example of the specification's own text, in their order: many name a type where a value belongs.
OF_THE_SPECIFICATION = (
    "string: kind", "read", "read", "string: spec.budgetingMethod", "document 1: apiVersion", "document 1: apiVersion",
    "string: spec.ratioMetric.counter", "foo-slo: spec", "document 1: apiVersion", "document 1: apiVersion",
    "document 1: apiVersion", "read", "AlertPolicy: metadata.name", "AlertPolicy: metadata.name", "read", "read",
    "read", "OnCallDevopsMailNotification: metadata.name", "OnCallDevopsSlackNotification: metadata.name", "read",
)  # fmt: skip


def test_every_example_of_the_specification_is_read_or_refused_by_its_field() -> None:
    text = (EXAMPLES / "specification.md").read_text()
    outcomes = [outcome(block) for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]
    assert tuple(outcomes) == OF_THE_SPECIFICATION


def outcome(text: str) -> str:
    try:
        read_documents(text)
    except FieldError as error:
        return f"{error.name}: {error.field if error.why else 'without a reason'}"
    return "read"


def test_several_objectives_are_several_agreements() -> None:
    text = example("timeslices-slo").replace("duration: 1m ", "duration: 1M ")
    agreements = taken(read_documents(text), "x.yaml").agreements
    assert [agreement.name for agreement in agreements] == [
        "service-availability-internal-objective",
        "service-availability-sla",
    ]
    assert [agreement.period for agreement in agreements] == ["month@2022-01-01T12:00"] * 2


@pytest.mark.parametrize(
    ("line", "written_", "field"),
    [
        ("apiVersion: openslo/v1", "apiVersion: openslo/v2alpha", "apiVersion"),
        ("kind: SLO", "kind: SLA", "kind"),
        ("name: main-page", "name: Main Page", "metadata.name"),
        ("  service: web-shop", "", "spec"),
        ("budgetingMethod: RatioTimeslices", "budgetingMethod: Guessing", "spec.budgetingMethod"),
        ("target: 0.99", "target: 1.5", "spec.objectives[0].target"),
        ("target: 0.99", "targetPercent: 99\n      target: 0.99", "spec.objectives[0].target"),
        ("timeSliceWindow: 1m", "", "spec.objectives[0].timeSliceWindow"),
        ("isRolling: true", "rolls: true", "spec.timeWindow[0]"),
        ("indicator:", "indicatorRef: nothing\n  indicator:", "spec.indicatorRef"),
    ],
)
def test_what_the_specification_does_not_allow_is_refused_by_its_field(line: str, written_: str, field: str) -> None:
    text = example("ratio-timeslices")
    assert line in text
    with pytest.raises(FieldError) as refused:
        read_documents(text.replace(line, written_, 1))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "text", ["a: &x 1\nb: *x", "a: [", "- 1\n- 2", "x" * 1_100_000, "!!python/object/apply:os.system [x]"]
)
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        read_documents(text)


def test_what_is_written_is_read_again() -> None:
    service = Service(id="shop", name="shop", title="Web shop", description="It sells.")
    agreements = (
        Agreement(id="shop", name="shop", service="shop", period="28d", target=0.9995),
        Agreement(id="slow", name="slow", service="shop", period="month", target=0.99, slice_s=300.0, slice_target=0.9),
    )
    back = taken(read_documents(written([service], agreements)), "x.yaml")
    assert back.refused == ()
    assert [(one.name, one.title, one.description) for one in back.services] == [("shop", "Web shop", "It sells.")]
    by_time, by_slices = back.agreements
    assert (by_time.name, by_time.period, by_time.target, by_time.slice_s) == ("shop", "28d", 0.9995, None)
    assert (by_slices.slice_s, by_slices.slice_target) == (300, 0.9)
    now = utc("2026-11-21 10:00")
    assert period_window(by_slices.period, now) == period_window("month", now)
