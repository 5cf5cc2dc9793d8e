"""docs/safety.md says what the code does."""

from pathlib import Path

import pytest

from sitefleet_robot.safety import documentation

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "safety.md"


def test_the_tables_of_the_page_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert documentation.rendered(text) == text, "run: python -m sitefleet_robot.safety.documentation docs/safety.md"


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
    with pytest.raises(ValueError, match="generated: states"):
        documentation.rendered("# nothing here")
