"""A safety event survives the way into the spool and out of it, field by field."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sitefleet_interfaces.msg import SafetyEvent

from sitefleet_robot.common.event_record import EventRecordError, event_to_record, record_to_event

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
VALUES = {
    "string": TEXT,
    "double": st.floats(),
    "float": st.floats(width=32),
    "boolean": st.booleans(),
    "uint8": st.integers(0, 2**8 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "sequence<string>": st.lists(TEXT, max_size=3),
}


@st.composite
def filled(draw, kind=SafetyEvent):
    message = kind()
    for name, type_name in message.get_fields_and_field_types().items():
        inner = getattr(message, name)
        nested = hasattr(inner, "get_fields_and_field_types")
        setattr(message, name, draw(filled(type(inner)) if nested else VALUES[type_name]))
    return message


def same(a, b) -> bool:
    if hasattr(a, "get_fields_and_field_types"):
        return all(same(getattr(a, name), getattr(b, name)) for name in a.get_fields_and_field_types())
    if isinstance(a, float):
        return a == b or (not math.isfinite(a) and math.isnan(b))
    return a == b


@given(filled())
def test_every_field_comes_back(event):
    event.event_id = event.event_id or "e"
    text = json.dumps(event_to_record(event), allow_nan=False)
    assert same(event, record_to_event(json.loads(text)))


def test_a_record_of_an_older_version_with_fewer_fields_can_be_read():
    event = record_to_event({"event_id": "e1", "pose": {"position": {"x": 2.0}}})
    assert event.pose.position.x == 2.0 and event.narrative == ""


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"event_id": "e", "speed": 1.0}, "no field speed"),
        ({"event_id": "e", "pose": {"position": {"w": 1.0}}}, "no field pose.position.w"),
        ({"event_id": "e", "severity": 300}, "severity: 300 does not fit uint8"),
        ({"event_id": "e", "severity": "high"}, "severity: 'high' does not fit uint8"),
        ({"event_id": "e", "min_separation": "far"}, "min_separation"),
        ({"event_id": "e", "narrative": {"a": 1}}, "narrative is no message"),
        ({"narrative": "x"}, "no event_id"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_by_the_name_of_its_field(record, words):
    with pytest.raises(EventRecordError, match=words):
        record_to_event(record)
