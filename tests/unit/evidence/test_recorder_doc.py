"""docs/recorder.md names what the code has."""

from pathlib import Path

from sitefleet_robot.evidence.followup import TRIGGERS
from sitefleet_robot.evidence.parameters import PARAMETERS
from sitefleet_robot.evidence.topics import CAMERA, CAMERA_JPEG, TOPICS

DOC = Path(__file__).resolve().parents[3] / "docs" / "recorder.md"


def parameter_rows() -> str:
    rows = ["| parameter | default | unit | range | meaning |\n", "|---|---|---|---|---|\n"]
    for spec in PARAMETERS:
        default = str(spec.default).lower() if isinstance(spec.default, bool) else f"{spec.default:g}"
        limits = "" if spec.minimum is None else f"{spec.minimum:g} to {spec.maximum:,.0f}"
        rows.append(f"| `{spec.name}` | {default} | {spec.unit} | {limits} | {spec.description} |\n")
    return "".join(rows)


def test_the_table_of_parameters_is_that_of_the_code():
    text = DOC.read_text(encoding="utf-8")
    begin = text.index("<!-- generated: parameters -->\n") + len("<!-- generated: parameters -->\n")
    found = text[begin : text.index("<!-- end -->", begin)]
    assert found == parameter_rows()


def test_every_topic_and_every_trigger_is_named():
    text = DOC.read_text(encoding="utf-8")
    for name in (*(topic.name for topic in (*TOPICS, CAMERA, CAMERA_JPEG)), *TRIGGERS):
        assert f"`{name}`" in text, name
