"""What the terminal shows, as a screen and as lines."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from datetime import datetime, timezone

from rich.console import Console

from fleet_manager.api import schemas
from sitefleet.demo.lines import EVERY, LineWriter
from sitefleet.demo.live import EVENTS_SHOWN, screen
from sitefleet.demo.view import Bar, RobotLine, View

NOW = datetime(2026, 5, 4, 7, 30, tzinfo=timezone.utc)
ROBOTS = (
    RobotLine("driller", "drilling", 0.5, 0.83, False, 0.0, "auto", False),
    RobotLine("hauler", "offline", 0.0, 0.2, False, 0.0, "stopped", True),
)
VIEW = View(
    "Duplex, Level 1", "http://127.0.0.1:8000", "work goes on", 61.0, 300.0, 5.0, Bar("all", 3, 1, 8),
    (Bar("drill", 2, 1, 4), Bar("transport", 1, 0, 4)), ROBOTS,
    ("07:30:00  the manager has started",), 1,
)  # fmt: skip


def drawn(view: View, width: int = 110) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(screen(view))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def event(number: int, message: str, robot_id: str | None = None) -> schemas.Event:
    return schemas.Event(
        id=number, time=NOW, kind="k", severity=0, robot_id=robot_id, job_id=None, task_id=None, message=message,
        data={},
    )  # fmt: skip


def test_the_screen_shows_work_robots_events_and_where_the_api_is() -> None:
    text = drawn(VIEW)
    shown = "Duplex, Level 1|4 of 8|3 of 4|1 deferred|driller|drilling|83%|offline|5:00|5.0 times real time"
    for words in (*shown.split("|"), "the manager has started", "http://127.0.0.1:8000/api/v1/docs"):
        assert words in text


def test_the_screen_keeps_to_a_narrow_terminal() -> None:
    long = replace(VIEW, events=tuple(f"07:30:00  {'a very long event ' * 20}" for _ in range(3)))
    assert max(len(line) for line in drawn(long, 60).splitlines()) <= 60


def test_words_of_the_site_are_no_markup() -> None:
    assert "[red]hauler[/red]" in drawn(replace(VIEW, events=("[red]hauler[/red]",)))


def test_the_screen_shows_the_last_events() -> None:
    text = drawn(VIEW.with_events([event(n, f"event {n}.") for n in range(20)]))
    assert "event 19." in text
    assert text.count("07:30:00") == EVENTS_SHOWN


def test_lines_leave_no_event_out_however_many_come_at_once() -> None:
    writer = LineWriter()
    writer.lines(VIEW)
    view = VIEW.with_events([event(n, "the same") for n in range(50)])
    assert sum("the same" in line for line in writer.lines(view)) == 50
    assert writer.lines(view) == []


def test_an_event_names_its_robot_once() -> None:
    view = View("", "").with_events([event(1, "driller is online", "driller"), event(2, "has no way", "hauler")])
    assert view.events == ("07:30:00  driller is online", "07:30:00  hauler: has no way")


def test_lines_say_stages_and_events_once_and_progress_now_and_then() -> None:
    writer = LineWriter()
    first = writer.lines(VIEW)
    assert [line[11:] for line in first[:2]] == ["work goes on", "07:30:00  the manager has started"]
    assert " 50% | drill 3/4, transport 1/4 | driller drilling (auto, 83%)" in first[2]
    assert writer.lines(replace(VIEW, wall_seconds=61.0 + EVERY / 2)) == []
    later = writer.lines(
        replace(VIEW, wall_seconds=61.0 + EVERY, events=(*VIEW.events, "07:30:09  new"), event_count=2)
    )
    assert [line[11:] for line in later[:1]] == ["07:30:09  new"]
    assert len(later) == 2


def test_a_kept_view_is_read_back_as_it_was() -> None:
    assert View.from_json(json.loads(json.dumps(asdict(VIEW)))) == VIEW
