"""The section of the incident report about notices and their times."""

from __future__ import annotations

from datetime import datetime

from fleet_manager.analytics.incident_case import Case
from fleet_manager.analytics.incident_notice import Due, advice, dues, particulars, span_text
from fleet_manager.analytics.incident_wording import local, utc
from fleet_manager.analytics.markup import Markup, tag


def notices(case: Case, now: datetime, known: list[tuple[str, str]]) -> Markup:
    """Times of all notices that may be due, and the particulars that they ask for."""
    heads = ("Notice", "Left", "Until", "By", "To", "Source")
    rows = [_row(due) for due in dues(case.event.text("event_class"), case.event.at, now)]
    table = tag("table", tag("thead", tag("tr", (tag("th", h, scope="col") for h in heads))), tag("tbody", rows))
    fields = (
        (tag("dt", label), tag("dd", text, contenteditable="true" if not text else None))
        for label, text in particulars(known)
    )
    return tag(
        "section",
        tag("h2", "Notices, Hong Kong"),
        tag("p", advice(case.event.text("event_class")), class_="lead"),
        tag("div", table, class_="records duties"),
        tag(
            "p",
            f"“Left” was counted when this report was written, {local(now, milliseconds=False)}; in a browser it is "
            "counted anew. This table is no legal advice; the laws in force count.",
            class_="lead",
        ),
        tag("h3", "Particulars for a notice or report"),
        tag(
            "p",
            "What the log knows is filled in. The tinted fields are for a person: type into them, then print.",
            class_="lead",
        ),
        tag("dl", fields, class_="particulars"),
        class_="long",
    )


def _row(due: Due) -> Markup:
    over = due.left.total_seconds() < 0
    classes = " ".join(name for name, holds in (("likely", due.likely), ("over", over)) if holds)
    return tag(
        "tr",
        tag("td", tag("b", due.duty.what), tag("div", f"if {due.duty.when}", class_="faint")),
        tag("td", span_text(due.left), class_="left", data_until=utc(due.until)),
        tag("td", local(due.until, milliseconds=False)),
        tag("td", due.duty.who),
        tag("td", due.duty.whom),
        tag("td", due.duty.source),
        class_=classes or None,
    )
