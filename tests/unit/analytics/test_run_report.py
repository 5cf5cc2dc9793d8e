"""The report of a run: everything is in it, nothing is fetched, hostile text stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from thoroughness import thorough

from fleet_manager.analytics import read_run, summarise
from fleet_manager.analytics.plan import row_id
from fleet_manager.analytics.report import render_report, state_of, write_report
from fleet_manager.analytics.values import ContactCheck, RunRecord


def test_every_target_is_on_the_plan_and_in_the_table(run_folder: Path) -> None:
    summary = summarise(read_run(run_folder))
    page = html.fromstring(render_report(summary))
    ids = {row_id(t) for t in summary.targets}
    assert {
        a.get("href", "").removeprefix("#")
        for a in page.xpath("//*[contains(@class, 'plan')]//a[starts-with(@class, 'target')]")
    } == ids
    assert {row.get("id") for row in page.xpath("//*[@id='as-built']/tbody/tr")} == ids
    assert len(ids) == len(summary.targets) == 8


def test_what_is_left_over_is_listed_with_reason_and_remedy(run_folder: Path) -> None:
    text = html.fromstring(render_report(summarise(read_run(run_folder)))).text_content()
    assert "the bit met something 0.31 m below the ceiling" in text
    assert "Clear what is in the way of the drill" in text
    assert "a cupboard leaves no place to stand" in text
    assert "A duct box was put up." in text


def test_the_page_fetches_nothing(run_folder: Path) -> None:
    page = render_report(summarise(read_run(run_folder)))
    assert re.search(r"https?://|<link|<img|@import|url\(|src=", page) is None


def test_names_from_the_model_stay_text(run_folder: Path) -> None:
    record = replace(read_run(run_folder), name="<script>alert(1)</script>")
    page = html.fromstring(render_report(summarise(record)))
    assert len(page.xpath("//script")) == 1
    assert "Ceiling <z1>" in page.text_content()
    assert page.xpath("//h1")[0].text == "<script>alert(1)</script>"


def test_an_empty_run_still_has_a_report(tmp_path: Path) -> None:
    path = write_report(summarise(RunRecord(name="nothing")), tmp_path / "report.html")
    page = html.fromstring(path.read_text(encoding="utf-8"))
    assert "No work was dispatched." in page.text_content()
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_contacts_turn_the_outcome_red(run_folder: Path) -> None:
    record = read_run(run_folder)
    tasks = [t for t in record.tasks if t.item.id in {"w1", "w2"}]
    good = summarise(replace(record, tasks=tasks, contact_check=ContactCheck(0)))
    assert good.complete
    assert state_of(good) == "warn"
    assert state_of(summarise(replace(record, tasks=tasks, contact_check=ContactCheck(2)))) == "bad"


@pytest.mark.parametrize("holes", [1, thorough(300, 1500)])
def test_drawings_stay_within_their_sheets(large_run: Callable[[int], Path], holes: int) -> None:
    page = html.fromstring(render_report(summarise(read_run(large_run(holes)))))
    charts = page.xpath("//*[@viewbox and @role='img']")
    assert len(charts) == 6
    for chart in charts:
        _, _, width, height = (float(v) for v in chart.get("viewbox").split())
        for node in chart.iter("circle"):
            assert 0.0 <= float(node.get("cx")) <= width
            assert 0.0 <= float(node.get("cy")) <= height
        for node in chart.iter("rect"):
            assert float(node.get("height")) >= 0.0
            assert float(node.get("width")) >= 0.0
            assert float(node.get("x")) + float(node.get("width")) <= width + 0.01
