"""Whatever happened to a model's bytes, an import ends in a package or in an error that says so: nothing in between.

By day a few examples; `make nightly` looks much further.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))

from thoroughness import thorough  # noqa: E402

from fleet_manager.site import SiteImportError, import_site, kernel, load_site  # noqa: E402

WHOLE = (REPOSITORY / "models" / "duplex.ifc").read_bytes()
LINES = WHOLE.split(b"\n")
ENDING = b"\nENDSEC;\nEND-ISO-10303-21;\n"
VALUE = re.compile(rb"(?<!^)#\d+|-?\d+\.\d*(?:E-?\d+)?|'[^']*'|\$|\.[A-Z_]+\.")
PLACE = st.integers(0, len(WHOLE) - 1)
OTHER = [b"$", b"*", b"0.", b"-1.", b"1E9", b"1E300", b"1E-300", b"''", b"'x'", b"#1", b"#20", b".T."]


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """The geometry kernel hangs on some damaged bodies; here it is given up sooner."""
    patch = pytest.MonkeyPatch()
    patch.setattr(kernel, "STALLED", 20.0)
    patch.setattr(kernel, "STALLED_ON_ONE", 10.0)
    yield
    patch.undo()


def few(nightly: int) -> settings:
    return settings(
        max_examples=thorough(5, nightly), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


def ends_well(content: bytes) -> None:
    """An import of this file either makes a package that loads, or raises an error with a code and a remedy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.ifc").write_bytes(content)
        try:
            import_site(folder / "model.ifc", "Level 1", folder / "site")
        except SiteImportError as error:
            assert error.code and error.sentence.endswith(".") and error.remedy
            assert [p.name for p in folder.iterdir()] == ["model.ifc"]
        else:
            assert load_site(folder / "site").storeys
            assert sorted(p.name for p in folder.iterdir()) == ["model.ifc", "site"]


@pytest.mark.slow
@few(nightly=200)
@given(length=PLACE, ending=st.booleans())
def test_a_file_cut_off_anywhere(length: int, ending: bool) -> None:
    ends_well(WHOLE[:length] + (ENDING if ending else b""))


@pytest.mark.slow
@few(nightly=400)
@given(flips=st.lists(st.tuples(PLACE, st.integers(1, 255)), min_size=1, max_size=20))
def test_a_file_with_flipped_bytes(flips: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for place, bits in flips:
        content[place] ^= bits
    ends_well(bytes(content))


@pytest.mark.slow
@few(nightly=400)
@given(st.lists(st.tuples(st.integers(20, len(LINES) - 4), st.integers(0, 20), st.sampled_from(OTHER)), min_size=1))
def test_a_file_that_reads_well_but_says_other_things(changes: list[tuple[int, int, bytes]]) -> None:
    """The parser is content with these; what they say points nowhere, is of another kind, or beyond all measure."""
    lines = list(LINES)
    for number, which, value in changes:
        found = list(VALUE.finditer(lines[number]))
        if found:
            spot = found[which % len(found)]
            lines[number] = lines[number][: spot.start()] + value + lines[number][spot.end() :]
    ends_well(b"\n".join(lines))


@pytest.mark.slow
@few(nightly=100)
@given(start=PLACE, length=st.integers(1, 20_000), to=PLACE)
def test_a_file_with_a_piece_of_itself_in_another_place(start: int, length: int, to: int) -> None:
    ends_well(WHOLE[:to] + WHOLE[start : start + length] + WHOLE[to:])
