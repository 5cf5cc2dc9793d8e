"""`report.html` of a run: one file, no external resources, for screen, dark rooms and paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from fleet_manager.analytics.charts import deviation_histogram, hole_positions, progress_chart, robot_timeline
from fleet_manager.analytics.legend import activity_legend, plan_legend, trade_legend
from fleet_manager.analytics.markup import Child, Markup, tag
from fleet_manager.analytics.plan import floor_plan
from fleet_manager.analytics.tables import as_built_table, deferred_table, event_table, robot_table, trade_table
from fleet_manager.analytics.values import RunSummary, TargetOutcome, TargetResult
from fleet_manager.analytics.wording import OUTCOMES, clock, trade_title

PLAN_LEAD = "Every place of work at its real position. Point at one to read it, click to find its row."
PROGRESS_LEAD = "Share of each trade's places of work that have a record, done or deferred."
ROBOTS_LEAD = "Time and distance of each robot; times are min:s."


def write_report(summary: RunSummary, path: Path) -> Path:
    """Write the report; the file is there whole or not at all."""
    draft = path.with_suffix(".html.part")
    draft.write_text(render_report(summary), encoding="utf-8")
    draft.replace(path)
    return path


def render_report(summary: RunSummary) -> str:
    """The whole page."""
    record = summary.record
    title = f"Site report: {record.name}"
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title),
            tag("style", _resource("report.css")),
        ),
        tag(
            "body",
            tag("main", _header(summary), _figures(summary), *_sections(summary), _footer()),
            tag("script", _resource("report.js")),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _resource(name: str) -> Markup:
    return Markup(files("fleet_manager.analytics").joinpath(name).read_text(encoding="utf-8"))


def state_of(summary: RunSummary) -> str:
    """How it went at a glance: good, warn (a person has something to decide) or bad."""
    if not summary.complete or summary.record.contact_check.contacts or summary.counts.get(TargetOutcome.FAILED, 0):
        return "bad"
    return "warn" if summary.deferred else "good"


def _header(summary: RunSummary) -> Markup:
    record = summary.record
    when = f"{record.started_at[:10]} {record.started_at[11:16]} UTC" if record.started_at else ""
    return tag(
        "header",
        tag("p", " · ".join(part for part in ("Sitefleet site report", when) if part), class_="eyebrow"),
        tag("h1", record.name),
        tag("p", summary.headline, class_="outcome"),
        tag("p", record.ended_because, class_="lead") if record.ended_because else None,
        class_=f"top {state_of(summary)}",
    )


def _figures(summary: RunSummary) -> Markup:
    reachable = sum(t.total for t in summary.trades)
    done = summary.counts.get(TargetOutcome.DONE, 0)
    left = len(summary.deferred)
    contacts = summary.record.contact_check.contacts
    shown = [
        (f"{done} / {reachable}", "places of work done", "good" if done and done == reachable else ""),
        (str(left), "for a person to decide", "warn" if left else "good"),
        (
            "–" if contacts is None else str(contacts),
            "contacts (not measured)" if contacts is None else "contacts",
            "bad" if contacts else "good" if contacts == 0 else "",
        ),
        (clock(summary.end - summary.begin), "time on site, min:s", ""),
        (f"{sum(r.distance for r in summary.robots):.0f} m", f"driven by {len(summary.robots)} robots", ""),
    ]
    deviations = sorted(t.deviation for t in summary.targets if t.trade == "drill" and t.deviation is not None)
    if deviations:
        shown.insert(2, (f"{deviations[len(deviations) // 2] * 1000:.1f} mm", "median hole deviation", ""))
    return tag(
        "section",
        (tag("div", tag("b", b), tag("span", s), class_=f"figure {c}") for b, s, c in shown),
        class_="figures",
    )


def _sections(summary: RunSummary) -> Iterable[Markup]:
    record = summary.record
    yield _section("Floor plan", PLAN_LEAD,
                   floor_plan(summary), plan_legend(summary))  # fmt: skip
    yield _section(
        "Left for a person",
        "Nothing was moved or skipped silently: what could not be done as drawn is here with its reason.",
        deferred_table(summary.deferred) if summary.deferred else tag("p", "Nothing is left over.", class_="nothing"),
        *(tag("p", note, class_="note") for note in record.notes),
    )
    yield from _quality(summary)
    chart = tag("div", progress_chart(summary.trades, summary.begin, summary.end), trade_legend(summary.trades))
    yield _section("Progress", PROGRESS_LEAD, tag("div", chart, trade_table(summary.trades), class_="two"))
    if summary.robots:
        table = tag("div", robot_table(summary.robots), class_="scroll after")
        yield _section("Robots", ROBOTS_LEAD, robot_timeline(summary), activity_legend(), table)
    yield _section("As built", "One row for each place of work, from the store of the run.", _filters(summary),
                   as_built_table(summary), long=True)  # fmt: skip
    yield _section(
        "Events",
        "",
        event_table(record.events) if record.events else tag("p", "No events.", class_="nothing"),
        long=True,
    )
    yield _section("About this run", "", tag("div", *_about(summary), class_="two"))


def _section(title: str, lead: str, *children: Child, long: bool = False) -> Markup:
    return tag(
        "section",
        tag("h2", title),
        tag("p", lead, class_="lead") if lead else None,
        *children,
        class_="long" if long else None,
    )


def _quality(summary: RunSummary) -> Iterable[Markup]:
    """Deviation charts of each trade whose work has a place that can be measured."""
    charts: list[Markup] = []
    sentences: list[str] = []
    for trade in summary.trades:
        measured = [t for t in summary.targets if t.trade == trade.trade and t.deviation is not None]
        if not measured or trade.trade == "inspect":
            continue
        tolerance = max(t.tolerance for t in measured)
        title = trade_title(trade.trade)
        sentences.append(_accuracy_sentence(title, measured))
        charts.append(tag("div", tag("h3", f"{title}: deviations"), deviation_histogram(measured, tolerance)))
        if trade.trade == "drill":
            charts.append(tag("div", tag("h3", f"{title}: holes about target"), hole_positions(measured, tolerance)))
    if charts:
        yield _section("Accuracy", " ".join(sentences), tag("div", charts, class_="two"))


def _accuracy_sentence(title: str, measured: Sequence[TargetResult]) -> str:
    within = sum(t.deviation is not None and t.deviation <= t.tolerance for t in measured)
    instruments = sorted({t.instrument for t in measured if t.instrument})
    by = f", measured by {', '.join(instruments)}" if instruments else ""
    return f"{title}: {within} of {len(measured)} within tolerance{by}."


def _filters(summary: RunSummary) -> Markup:
    def select(name: str, first: str, values: Iterable[tuple[str, str]]) -> Markup:
        options = (tag("option", label, value=value) for value, label in values)
        return tag("select", tag("option", first, value=""), options, name=name, aria_label=first)

    return tag(
        "div",
        tag("input", id="search", type="search", placeholder="Find a room, GlobalId, robot, reason", aria_label="Find"),
        select(
            "outcome",
            "All outcomes",
            ((o.value, label) for o, (_, label) in OUTCOMES.items() if summary.counts.get(o, 0)),
        ),
        select("trade", "All trades", ((t.trade, trade_title(t.trade)) for t in summary.trades)),
        select("room", "All rooms", ((z, z) for z in sorted({t.zone_name for t in summary.targets}))),
        tag("output", id="shown"),
        class_="filters",
    )


def _about(summary: RunSummary) -> Iterable[Markup]:
    record, check = summary.record, summary.record.contact_check
    contact_facts = {"contacts": "not measured" if check.contacts is None else str(check.contacts)}
    contact_facts |= {f"contact {n}": text for n, text in enumerate(check.details, start=1)}
    contact_facts |= {f"least distance, {pair}": f"{metres:.2f} m" for pair, metres in check.least_distances}
    for title, facts in (
        ("Run", record.facts), ("Contacts and distances", contact_facts), ("Options", record.options),
        ("Software", record.versions),
    ):  # fmt: skip
        if facts:
            pairs = ((tag("dt", key), tag("dd", value)) for key, value in facts.items())
            yield tag("div", tag("h3", title), tag("dl", pairs))


def _footer() -> Markup:
    return tag(
        "footer",
        "Sitefleet advises and records; it is not a certified safety function. In a simulated run the measurements "
        "come from the simulated instrument with its noise.",
    )
