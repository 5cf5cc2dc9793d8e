"""Which notices the law of Hong Kong may ask for after an event on a site, and until when. Read DUTIES first.

Whether one is due depends on what happened to people and structures, which no sensor knows: a person decides. The times
are counted strictly from the moment of the event. Sources: Occupational Safety and Health Ordinance (Cap. 509),
sections 3, 13, 14 and Schedule 1; Factories and Industrial Undertakings Regulations (Cap. 59A), regulations 17 and 18;
Employees' Compensation Ordinance (Cap. 282), section 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

HONG_KONG = timezone(timedelta(hours=8), "HKT")
"""UTC+8 all year."""
_PEOPLE = frozenset({"CONTACT", "INJURY"})
_STRUCTURES = frozenset({"DANGEROUS_OCCURRENCE"})
_ANY = frozenset({"CONTACT", "INJURY", "DANGEROUS_OCCURRENCE"})


@dataclass(frozen=True, slots=True)
class Duty:
    """One notice. `classes`: events by whose class it is to be considered at once."""

    what: str
    when: str
    who: str
    whom: str
    within: timedelta
    source: str
    classes: frozenset[str]


DUTIES: tuple[Duty, ...] = (
    Duty(
        "Notice of an accident",
        "somebody died or was seriously injured: admitted to a hospital or clinic for treatment or observation",
        "person responsible for the workplace; contractor",
        "occupational safety officer, Labour Department; after a death the police station nearest to the place too",
        timedelta(hours=24),
        "Cap. 509 s. 13; Cap. 59A reg. 17",
        _PEOPLE,
    ),
    Duty(
        "Written report of a dangerous occurrence",
        "one of the kinds of Schedule 1 of Cap. 509, for example collapse or failure of a lifting appliance, explosion "
        "or fire that stops work, an electrical failure with fire; also when nobody was hurt",
        "occupier of the premises; contractor",
        "occupational safety officer, Labour Department",
        timedelta(hours=24),
        "Cap. 509 s. 14, Sch. 1; Cap. 59A reg. 18",
        _STRUCTURES,
    ),
    Duty(
        "Written report of an accident",
        "death or serious injury, if the notice was not in writing; or somebody cannot work for more than three days. "
        "Not needed once Form 2 was given within its time",
        "person responsible for the workplace; contractor",
        "occupational safety officer, Labour Department",
        timedelta(days=7),
        "Cap. 509 s. 13; Cap. 59A reg. 17",
        _ANY,
    ),
    Duty(
        "Form 2 after a death",
        "an employee died",
        "employer",
        "Commissioner for Labour (Employees' Compensation Division)",
        timedelta(days=7),
        "Cap. 282 s. 15",
        _PEOPLE,
    ),
    Duty(
        "Form 2 after an injury",
        "an employee cannot work for more than three days; up to three days it is Form 2B",
        "employer",
        "Commissioner for Labour (Employees' Compensation Division)",
        timedelta(days=14),
        "Cap. 282 s. 15",
        _PEOPLE,
    ),
)


@dataclass(frozen=True, slots=True)
class Due:
    """A duty with its end, and the time that is left of it at a moment (negative: it is over)."""

    duty: Duty
    until: datetime
    left: timedelta
    likely: bool
    """The event's class says that somebody should look at once."""


def dues(event_class: str, at: datetime, now: datetime) -> list[Due]:
    """All duties of an event, the earliest end first, those that its class suggests before others of the same end."""
    found = [Due(duty, at + duty.within, at + duty.within - now, event_class in duty.classes) for duty in DUTIES]
    return sorted(found, key=lambda due: (due.until, not due.likely))


def advice(event_class: str) -> str:
    """What a person has to decide, in a sentence."""
    if event_class in _PEOPLE:
        return "The machine touched something or somebody is hurt. Find out at once whether a person was injured."
    if event_class in _STRUCTURES:
        return "This may be a dangerous occurrence. Compare it with Schedule 1 of Cap. 509 at once."
    return (
        "By its class alone this event asks for no notice. If somebody turns out to be hurt, or it was one of the "
        "kinds of Schedule 1 of Cap. 509, these times run from the moment of the event."
    )


def span_text(left: timedelta) -> str:
    """A span as a person says it: "2 d 03 h left", "17 h 05 min left", "over since 1 h 00 min"."""
    minutes = int(abs(left).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    text = f"{days} d {hours:02d} h" if days else f"{hours} h {rest:02d} min"
    return f"{text} left" if left >= timedelta() else f"over since {text}"


def particulars(known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields of a report with what is known; the others are for a person to fill in. As Form 2 and section 13 ask.

    `known`: label and text, in any order; labels are those of FIELDS.
    """
    given = dict(known)
    return [(label, given.get(label, "")) for label in FIELDS]


FIELDS: tuple[str, ...] = (
    "Date and time",
    "Place",
    "What happened",
    "Machine",
    "Occupier, principal contractor: name, address, telephone",
    "Employer of the injured person: name, address, telephone",
    "Injured person: name, sex, date of birth, identity document",
    "Occupation of the injured person",
    "What the person was doing",
    "Death or injury: nature and extent",
    "Hospital or clinic",
    "Witnesses",
    "Cause as found",
    "Measures taken",
    "Reported by: name, position, date, signature",
)
