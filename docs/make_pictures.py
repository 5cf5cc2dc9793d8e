"""Draws the pictures of the documentation from a finished demo: `python docs/make_pictures.py RUN_FOLDER`.

Needs Chromium for what is drawn from HTML. Everything comes from the run's own files: the report, the plan inside it,
and the terminal as it was in the middle of the work.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from fleet_manager.analytics import read_run, summarise
from fleet_manager.analytics.plan import floor_plan
from fleet_manager.analytics.report import write_report
from sitefleet.demo.live import screen
from sitefleet.demo.view import View

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def photograph(page: Path, picture: Path, width: int, height: int, *flags: str) -> None:
    """A page as PNG."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"no browser found; install one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        subprocess.run(
            [*command, *flags, f"--screenshot={picture}", page.resolve().as_uri()],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )


def draw_terminal(view: View, picture: Path) -> None:
    """The live screen as SVG; without the web font that rich would fetch."""
    console = Console(record=True, width=124, file=open("/dev/null", "w"), force_terminal=True)  # noqa: SIM115
    console.print(screen(view))
    svg = console.export_svg(title="sitefleet demo", theme=DIMMED_MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, ", "").replace("Fira Code,", "")
    picture.write_text(svg, encoding="utf-8")


def main(run: Path) -> None:
    """Draw all pictures of one run."""
    PICTURES.mkdir(exist_ok=True)
    summary = summarise(read_run(run))
    report = write_report(summary, run / "report.html")
    photograph(report, PICTURES / "report.png", 1240, 1500)
    photograph(report, PICTURES / "report_dark.png", 1240, 1500, "--blink-settings=preferredColorScheme=0")
    style = re.search(r"<style>(.*?)</style>", report.read_text(encoding="utf-8"), re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "plan.html"
        css = style.group(1) if style else ""
        body = f"<body style='background:#fff'><style>{css}</style>{floor_plan(summary)}</body>"
        page.write_text(f"<!doctype html><meta charset=utf-8>{body}", encoding="utf-8")
        box = re.search(r'viewBox="0 0 (\d+) (\d+)"', floor_plan(summary))
        photograph(page, PICTURES / "plan.png", 1136, (int(box.group(2)) if box else 600) + 16)
    view = run / "view.json"
    if view.is_file():
        draw_terminal(View.from_json(json.loads(view.read_text(encoding="utf-8"))), PICTURES / "terminal.svg")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
