"""Notices and their times: counted from the event, the nearest first, and never decided by a machine."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from fleet_manager.analytics.incident_notice import FIELDS, advice, dues, particulars, span_text
from fleet_manager.analytics.incident_wording import local, utc

AT = datetime(2026, 5, 4, 7, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize("event_class", ["CONTACT", "INJURY", "DANGEROUS_OCCURRENCE", "PROTECTIVE_STOP", "anything"])
def test_every_event_shows_the_24_hours_and_the_7_days(event_class: str) -> None:
    found = dues(event_class, AT, AT + timedelta(hours=3))
    assert [d.until - AT for d in found] == sorted(d.until - AT for d in found)
    ends = {d.duty.what: d.until - AT for d in found}
    assert ends["Notice of an accident"] == timedelta(hours=24)
    assert ends["Written report of a dangerous occurrence"] == timedelta(hours=24)
    assert ends["Written report of an accident"] == timedelta(days=7)
    assert ends["Form 2 after a death"] == timedelta(days=7)
    assert ends["Form 2 after an injury"] == timedelta(days=14)
    assert found[0].left == timedelta(hours=21)


def test_what_a_class_suggests_comes_first_and_is_marked() -> None:
    assert next(d.duty.what for d in dues("CONTACT", AT, AT) if d.likely) == "Notice of an accident"
    first = dues("DANGEROUS_OCCURRENCE", AT, AT)[0]
    assert (first.duty.what, first.likely) == ("Written report of a dangerous occurrence", True)
    assert not any(d.likely for d in dues("PROTECTIVE_STOP", AT, AT))


def test_the_advice_leaves_the_decision_to_a_person() -> None:
    assert "whether a person was injured" in advice("CONTACT")
    assert "Schedule 1" in advice("DANGEROUS_OCCURRENCE")
    assert "By its class alone" in advice("PROTECTIVE_STOP")


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(hours=21, minutes=5, seconds=59), "21 h 05 min left"),
        (timedelta(days=6, hours=3), "6 d 03 h left"),
        (timedelta(), "0 h 00 min left"),
        (timedelta(minutes=-90), "over since 1 h 30 min"),
    ],
)
def test_spans_are_said_as_people_say_them(left: timedelta, text: str) -> None:
    assert span_text(left) == text


def test_particulars_hold_every_field_and_only_those() -> None:
    filled = particulars([("Place", "Level 1"), ("Colour", "red")])
    assert [label for label, _ in filled] == list(FIELDS)
    assert dict(filled)["Place"] == "Level 1"


def test_times_are_those_of_hong_kong_beside_utc() -> None:
    at = datetime(2026, 5, 4, 20, 0, 1, 250_000, tzinfo=timezone.utc)
    assert local(at) == "05 May 2026 04:00:01.250 HKT"
    assert utc(at) == "2026-05-04T20:00:01.250Z"
