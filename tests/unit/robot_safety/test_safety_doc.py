"""docs/safety.md says what the code does."""

from pathlib import Path

import pytest

from sitefleet_robot import safety_documentation as documentation
from sitefleet_robot.safety.states import TABLE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "safety.md"
PARAMETERS = ROOT / "launch" / "params"


def test_the_tables_of_the_page_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    told = "run: python -m sitefleet_robot.safety_documentation docs/safety.md"
    assert documentation.rendered(text, PARAMETERS) == text, told


def test_the_page_names_every_answer_code_and_refusal():
    text = PAGE.read_text(encoding="utf-8")
    sources = ROOT / "ros_ws" / "src" / "sitefleet_robot" / "sitefleet_robot" / "safety"
    import re

    codes = set(re.findall(r'Answer\((?:True|False), "(\w+)"', (sources / "requests.py").read_text()))
    codes |= set(re.findall(r'code = "(\w+)" if [^"]*"(\w+)"', (sources / "requests.py").read_text())[0])
    codes |= set(re.findall(r'Refusal\("(\w+)"', "".join(f.read_text() for f in sources.glob("*.py"))))
    assert len(codes) > 20
    assert {code for code in codes if f"`{code}`" not in text} == {"uncertain"}


def test_a_page_without_its_markers_is_an_error():
    with pytest.raises(ValueError, match="generated: diagram"):
        documentation.rendered("# nothing here", PARAMETERS)


def test_the_picture_shows_every_change_of_state_that_the_table_has_and_no_other():
    lines = [line.strip() for line in documentation.state_diagram().splitlines() if "-->" in line and "[*]" not in line]
    drawn = {tuple(line.split(":")[0].split(" --> ")) for line in lines}
    assert drawn == {(a.name, b.name) for (a, _), b in TABLE.items() if a is not b}
    assert len(lines) == len(drawn)
