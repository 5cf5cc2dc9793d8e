"""Every test session keeps its ROS traffic to itself and leaves no process behind."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import settings
from ros_domains import session_domain
from thoroughness import NIGHTLY

from sim.embedded.camera import choose_renderer

# Marks every process that a test starts, through the environment it inherits.
MARK = "SITEFLEET_TEST_SESSION"
SESSION = str(uuid.uuid4())
GRACE = 5.0  # s
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# A continuous integration run is repeatable; people's own runs look elsewhere each time, and nightly ones far.
settings.register_profile("ci", derandomize=True, print_blob=True)
settings.register_profile("nightly", max_examples=1000, print_blob=True)
if NIGHTLY:
    settings.load_profile("nightly")
elif os.environ.get("CI") == "true":
    settings.load_profile("ci")

# Before any test imports MuJoCo, which then would look for a screen.
choose_renderer()
os.environ[MARK] = SESSION
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
# A domain of its own: sessions that run side by side must not hear one another.
if "ROS_DOMAIN_ID" not in os.environ:
    os.environ["ROS_DOMAIN_ID"] = str(session_domain(0))


def left_behind() -> dict[int, str]:
    """Processes that carry this session's mark, but are not this one: pid to command line."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            marked = f"{MARK}={SESSION}".encode() in (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        # A zombie has no command line; whoever started it will collect it or has ended.
        if marked and words and pid != os.getpid():
            found[pid] = words
    return found


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Processes left behind fail the session, and are ended."""
    # What is on its way out gets a moment: for example a starter's guard that has just done its work.
    deadline = time.monotonic() + GRACE
    while (processes := left_behind()) and time.monotonic() < deadline:
        time.sleep(0.1)
    if not processes:
        return
    for pid, words in processes.items():
        print(f"\nLEFT BEHIND: process {pid}: {words}")
        os.kill(pid, signal.SIGKILL)
    session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of large models and data beside the checkout; a test that needs it is skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED} with large models and data beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site package of the demo's building, "Level 1", imported once a session: to be read, never written."""
    from fleet_manager.site import import_site

    out = tmp_path_factory.mktemp("demo_site") / "site"
    import_site(ROOT / "models" / "duplex.ifc", "Level 1", out)
    return out
