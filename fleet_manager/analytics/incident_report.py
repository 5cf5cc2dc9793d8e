"""`sitefleet log report EVENT`: one page about an event, without external resources, for screen and paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from fleet_manager.analytics.incident_case import Case, Entry
from fleet_manager.analytics.incident_charts import (
    Mark,
    curves_chart,
    distance_curves,
    legend,
    speed_curves,
)
from fleet_manager.analytics.incident_evidence import evidence
from fleet_manager.analytics.incident_notices import notices
from fleet_manager.analytics.incident_plan import incident_plan, overview, place_of, room_at
from fleet_manager.analytics.incident_recording import versions
from fleet_manager.analytics.incident_values import FileState, Pose, RecordingView
from fleet_manager.analytics.incident_wording import (
    UNKNOWN,
    class_title,
    deed_title,
    local,
    mode_name,
    quantity,
    severity_name,
    utc,
)
from fleet_manager.analytics.markup import Child, Markup, tag
from fleet_manager.analytics.values import StoreyPlan

CLOSE_LOOK = (-3.0, 4.0)
"""s of the second chart."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What the page is made of. `site`: name of the site and storey; `now`: when the page is written."""

    case: Case
    view: RecordingView
    plan: StoreyPlan
    site: str
    now: datetime
    version: str

    @property
    def place(self) -> Pose | None:
        """Where the robot was, by its own record."""
        return place_of(self.case.event.record.get("pose"))

    @property
    def room(self) -> str:
        """Name of the zone, as far as the record or the plan knows it."""
        zone = self.case.event.text("zone_id")
        named = next((z.name for z in self.plan.zones if z.guid == zone and z.name), "")
        if zone or self.place is None:
            return named or zone
        return room_at(self.plan, self.place.x, self.place.y)


def write_incident(incident: Incident, path: Path) -> Path:
    """Write the page; the file is there whole or not at all."""
    draft = path.with_suffix(path.suffix + ".part")
    draft.write_text(render_incident(incident), encoding="utf-8")
    draft.replace(path)
    return path


def render_incident(incident: Incident) -> str:
    """The whole page."""
    event = incident.case.event
    title = f"Incident report: {class_title(event.text('event_class'))}, {incident.case.robot_id}, {local(event.at)}"
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title),
            tag("style", _resource("report.css"), _resource("incident.css")),
        ),
        tag(
            "body",
            tag("main", _header(incident), _figures(incident), *_sections(incident), _footer(incident)),
            # "<" is written as an escape, so that no text of a record can end the element.
            tag(
                "script",
                Markup(json.dumps(dict(incident.case.proof)).replace("<", "\\u003c")),
                type="application/json",
                id="proof",
            ),
            tag("script", _resource("incident.js")),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _resource(name: str) -> Markup:
    return Markup(files("fleet_manager.analytics").joinpath(name).read_text(encoding="utf-8"))


def _header(incident: Incident) -> Markup:
    case, event = incident.case, incident.case.event
    closed, acknowledged = case.closed, case.acknowledged
    if closed is not None:
        state, class_ = f"Closed by {closed.text('actor')} on {local(closed.at, milliseconds=False)}", "good"
    elif acknowledged is not None:
        by, when = acknowledged.text("actor"), local(acknowledged.at, milliseconds=False)
        state, class_ = f"Acknowledged by {by} on {when}; not closed", "warn"
    else:
        state, class_ = "Nobody has acknowledged this event", "bad"
    where = ", ".join(part for part in (incident.room, incident.site) if part)
    return tag(
        "header",
        tag("p", f"Sitefleet incident report · written {local(incident.now, milliseconds=False)}", class_="eyebrow"),
        tag(
            "h1",
            f"{class_title(event.text('event_class'))} of {case.robot_id}",
            tag("small", f"{local(event.at)} ({utc(event.at)})" + (f" · {where}" if where else "")),
        ),
        tag("p", state, class_="outcome"),
        class_=f"top {class_}",
    )


def _figures(incident: Incident) -> Markup:
    event, answer = incident.case.event, incident.view.answer
    severity = event.number("severity")
    latency, way = event.number("stop_latency_ms"), event.number("stop_distance")
    people = event.number("people")
    shown = [
        (severity_name(severity), "severity", "bad" if (severity or 0) >= 2 else "warn" if severity else ""),
        (quantity(event.number("min_separation"), "m"), "least distance, by the robot", ""),
        (quantity(answer.speed, "m/s"), "speed at the event, recorded", ""),
        (quantity(latency, "ms", 0), "stop latency, by the robot", ""),
        (quantity(way if way is not None else answer.way, "m"), "driven until it stood", ""),
        (UNKNOWN if people is None else f"{people:.0f}", "people tracked", ""),
    ]
    return tag(
        "section",
        (tag("div", tag("b", b), tag("span", s), class_=f"figure {c}") for b, s, c in shown),
        class_="figures",
    )


def section(title: str, lead: str, *children: Child, long: bool = False) -> Markup:
    """A section of the page."""
    return tag(
        "section",
        tag("h2", title),
        tag("p", lead, class_="lead") if lead else None,
        *children,
        class_="long" if long else None,
    )


def _sections(incident: Incident) -> Iterable[Markup]:
    case, view = incident.case, incident.view
    yield section("What happened", "", tag("p", story(incident), class_="what"), _where(incident))
    yield _motion(incident)
    if view.frames or (view.shown and not view.camera):
        yield section("Camera", "", _frames(view))
    yield section(
        "Records",
        "Everything in the evidence log about this robot three minutes before and after, in the order of the site's "
        "clock. Numbers in circles are those above the first chart.",
        _records(case),
        long=True,
    )
    yield section("Control and review", "", tag("div", *_people(incident), class_="two"))
    yield notices(incident.case, incident.now, known_particulars(incident))
    yield evidence(incident.case, incident.view)
    yield section("Machine and software", "", tag("div", *_machine(incident), class_="two"))


def story(incident: Incident) -> str:
    """What the records and the recording say, in sentences."""
    case, event, answer = incident.case, incident.case.event, incident.view.answer
    where = f" ({incident.room})" if incident.room else ""
    said = [
        f"On {local(event.at)} {case.robot_id}{where} reported: {event.text('narrative') or event.text('trigger')}."
    ]
    if event.text("action"):
        said.append(f"Its answer: {event.text('action')}.")
    if answer.speed is not None:
        driving = f"was moving at {answer.speed:.2f} m/s" if answer.speed > 0.02 else "stood still"
        said.append(f"By the recording it {driving} at that moment.")
    if answer.zero is not None:
        moment = f"{abs(answer.zero):.2f} s {'after' if answer.zero > 0 else 'before'}"
        said.append(f"Zero was commanded {moment if abs(answer.zero) >= 0.005 else 'at'} the event's stamp.")
    if answer.still is not None and answer.way is not None:
        said.append(f"It stood {answer.still:.2f} s after the event, {answer.way:.2f} m further.")
    holder = event.text("lease_holder")
    said.append(f"{holder} held the control lease." if holder else "Nobody held the control lease.")
    return " ".join(s.replace("..", ".") for s in said)


def _where(incident: Incident) -> Markup:
    place = incident.place
    facts = [("Room or zone", incident.room or UNKNOWN), ("Mode", mode_name(incident.case.event.number("mode")))]
    if place is not None:
        facts.insert(1, ("Position, map", f"x {place.x:.2f} m, y {place.y:.2f} m"))
    for label, name in (("Task", "task_id"), ("Permit", "permit_id")):
        if incident.case.event.text(name):
            facts.append((label, incident.case.event.text(name)))
    pairs = ((tag("dt", key), tag("dd", value)) for key, value in facts)
    drawn = tag(
        "div",
        incident_plan(incident.plan, incident.view, place),
        tag("aside", overview(incident.plan, incident.view, place), tag("dl", pairs)),
        class_="where",
    )
    return tag("div", drawn, _plan_legend(incident.view))


def _plan_legend(view: RecordingView) -> Markup | None:
    if not view.shown:
        return None
    items = [("way", "way of the robot, 15 s before"), ("way later", "10 s after")]
    if view.people:
        items.append(("way person", "people, as tracked; m from the hull to their middle"))
    lines = [
        tag("li", tag("svg", tag("line", x1=0, x2=26, y1=8, y2=8, class_=c), class_="incident", viewBox="0 0 26 16"), t)
        for c, t in items
    ]
    if view.scan:
        dot = tag("svg", tag("circle", cx=13, cy=8, r=2.5, class_="beam"), class_="incident", viewBox="0 0 26 16")
        lines.append(tag("li", dot, "what the lidar saw at the event"))
    return tag("ul", lines, class_="legend")


def _motion(incident: Incident) -> Markup:
    view = incident.view
    if not view.shown:
        return section("Speeds and distances", "", tag("p", view.sentence, class_="note"))
    numbers = {e.event_id: n for n, e in enumerate(incident.case.around, start=1)}
    marks = [Mark(second, str(numbers[known])) for known, second in view.marks.items() if known in numbers]
    seconds = "simulated seconds" if view.simulated else "seconds"
    lead = (
        f"From the recording {view.name}, whose SHA-256 agrees with the log: {view.end - view.begin:.0f} {seconds}, "
        f"{view.messages} messages. Distances beyond 8 m are drawn at 8 m."
    )
    curves = [*speed_curves(view), *distance_curves(view)]
    begin, end = max(view.begin, CLOSE_LOOK[0]), min(view.end, CLOSE_LOOK[1])
    return section(
        "Speeds and distances",
        lead,
        curves_chart(view, min(view.begin, -1.0), max(view.end, 1.0), marks, numbered=True),
        legend(curves),
        tag("h3", "Close to the event", class_="chart-title"),
        curves_chart(view, min(begin, -0.5), max(end, 0.5), _answers(view), numbered=False),
    )


def _answers(view: RecordingView) -> list[Mark]:
    found = []
    if view.answer.zero is not None:
        found.append(Mark(view.answer.zero, f"zero commanded, {view.answer.zero:+.2f} s"))
    if view.answer.still is not None:
        found.append(Mark(view.answer.still, f"stands still, {view.answer.still:+.2f} s"))
    return found


def _frames(view: RecordingView) -> Markup:
    if not view.frames:
        text = "The camera was not recorded (parameter record_camera of the robot's process evidence)."
        return tag("p", text, class_="nothing")
    nearest = min(view.frames, key=lambda f: abs(f.second))
    figures = (
        tag(
            "figure",
            tag(
                "img",
                src=f"data:image/jpeg;base64,{base64.b64encode(f.jpeg).decode('ascii')}",
                alt=f"{f.second:+.2f} s",
            ),
            tag(
                "figcaption",
                f"{f.second:+.2f} s".replace("-", "−") + (" · nearest to the event" if f is nearest else ""),
            ),
            class_="now" if f is nearest else None,
        )
        for f in view.frames
    )
    return tag("div", figures, class_="frames")


def _records(case: Case) -> Markup:
    rows = [_record(number, entry, case) for number, entry in enumerate(case.around, start=1)]
    heads = ("No.", "Time, HKT", "From the event", "Who", "What", "Place in the log")
    table = tag(
        "table", tag("thead", tag("tr", (tag("th", h, scope="col") for h in heads))), tag("tbody", rows),
    )  # fmt: skip
    return tag("div", table, class_="records")


def _record(number: int, entry: Entry, case: Case) -> Markup:
    seconds = (entry.at - case.event.at).total_seconds()
    who = entry.text("actor") or ("fleet manager" if entry.by_person else case.robot_id)
    said = entry.text("narrative") or entry.text("action")
    details = " · ".join(
        t for t in (entry.text("trigger"), entry.text("action") if said != entry.text("action") else "") if t
    )
    clock = "" if entry.clock_offset is not None or entry.by_person else " (robot's clock)"
    return tag(
        "tr",
        tag("td", tag("span", str(number), class_="no")),
        tag("td", local(entry.at)[12:24] + clock, class_="n"),
        tag(
            "td",
            "event"
            if entry is case.event or entry.index == case.event.index
            else f"{seconds:+.2f} s".replace("-", "−"),
            class_="n",
        ),
        tag("td", who),
        tag(
            "td",
            tag("b", record_title(entry)),
            tag("div", said, class_="said"),
            tag("div", details, class_="faint") if details else None,
        ),
        tag("td", str(entry.index), class_="n"),
        class_="this" if entry.index == case.event.index else None,
    )


def record_title(entry: Entry) -> str:
    """What a record is: recordings and reviews have the class of their event, and are something else."""
    return deed_title(entry.text("trigger")) or class_title(entry.text("event_class"))


def _people(incident: Incident) -> Iterable[Markup]:
    case = incident.case
    holder = case.event.text("lease_holder")
    held = f"{holder} held the lease at the event." if holder else "Nobody held the lease at the event."
    handed = [
        f"{local(e.at)}: {e.text('action') or e.text('narrative')}"
        + (f" ({e.text('actor')})" if e.text("actor") else "")
        + (f": {e.text('remark')}" if e.text("remark") else "")
        for e in case.control
    ]
    yield tag("div", tag("h3", "Who had control"), tag("p", held), _list(handed, "No handing over is recorded."))
    reviews = [
        f"{local(e.at)}: {e.text('trigger')} by {e.text('actor') or UNKNOWN}"
        + (f": “{e.text('remark')}”" if e.text("remark") else "")
        + f" (record {e.index})"
        for e in case.reviews
    ]
    yield tag("div", tag("h3", "Who has seen it"), _list(reviews, "Nobody has acknowledged or closed this event yet."))


def _list(lines: Sequence[str], otherwise: str) -> Markup:
    return tag("ul", (tag("li", line) for line in lines)) if lines else tag("p", otherwise, class_="nothing")


def known_particulars(incident: Incident) -> list[tuple[str, str]]:
    """What the log can fill in of a report's particulars."""
    case, event, place = incident.case, incident.case.event, incident.place
    where = [incident.site, incident.room]
    if place is not None:
        where.append(f"x {place.x:.2f} m, y {place.y:.2f} m of the floor plan")
    model = incident.view.facts.get("model", "")
    machine = [f"construction robot {case.robot_id}", model, f"software {event.text('software_version')}"]
    return [
        ("Date and time", f"{local(event.at)} ({utc(event.at)})"),
        ("Place", ", ".join(part for part in where if part)),
        ("What happened", story(incident)),
        ("Machine", ", ".join(part for part in machine if part.strip())),
        ("Measures taken", case.closed.text("remark") if case.closed is not None else ""),
    ]


def _machine(incident: Incident) -> Iterable[Markup]:
    event, view = incident.case.event, incident.view
    robot = {
        "Robot": incident.case.robot_id,
        "Software": event.text("software_version") or UNKNOWN,
        "Configuration, SHA-256": event.text("configuration_hash") or UNKNOWN,
        "Clock ahead of the manager's": "not measured"
        if event.clock_offset is None
        else f"{event.clock_offset * 1000:.1f} ms; times here are corrected by it",
    }
    yield tag("div", tag("h3", "By the event's record"), _pairs(robot))
    if view.file is FileState.VERIFIED:
        yield tag(
            "div",
            tag("h3", "By the recording"),
            _pairs({k.replace("_", " "): v for k, v in versions(view.facts).items()}),
        )
    yield tag("div", tag("h3", "This report"), _pairs({"Sitefleet": incident.version, "Written": local(incident.now)}))


def _pairs(facts: dict[str, str]) -> Markup:
    return tag("dl", ((tag("dt", key), tag("dd", value)) for key, value in facts.items()))


def _footer(incident: Incident) -> Markup:
    return tag(
        "footer",
        "Sitefleet advises and records; it is not a certified safety function. What is said here of the law is no "
        f"legal advice. Event {incident.case.event.event_id}.",
    )
