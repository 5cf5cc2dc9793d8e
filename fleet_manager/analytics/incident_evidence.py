"""The section of the incident report that says why it can be believed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

from fleet_manager.analytics.incident_case import Case
from fleet_manager.analytics.incident_values import FileState, RecordingView
from fleet_manager.analytics.incident_wording import local
from fleet_manager.analytics.markup import Child, Markup, tag
from fleet_manager.safety_log import tree

_SHOWN = 10
"""Findings that are listed."""


def evidence(case: Case, view: RecordingView) -> Markup:
    """Proof of the record, state of the log, state of the recording, and how to check them again."""
    record = str(case.proof["record"])
    facts = {
        "Event": case.event.event_id,
        "Place in the log": f"{case.event.index} of {case.head.size} records",
        "Leaf hash": tree.leaf_hash(record.encode("utf-8")).hex(),
        "Root hash": case.head.root.hex(),
        "Head signed": local(case.head.at),
        "Log (key id)": case.log_id,
        "Signature, Ed25519": case.head.signature.hex(),
    }
    pairs = ((tag("dt", key), tag("dd", value, class_="hash")) for key, value in facts.items())
    path = tag("ol", (tag("li", h) for h in case.proof["audit_path"]), class_="path")
    name = f"proof-{case.event.event_id}.json"
    save = tag(
        "a",
        "Save the proof as a file",
        href=f"data:application/json,{quote(json.dumps(dict(case.proof), indent=1))}",
        download=name,
        class_="button",
    )
    return tag(
        "section",
        tag("h2", "Evidence"),
        *_verdicts(case, view),
        tag("dl", pairs),
        tag("details", tag("summary", "Audit path, from the leaf to the root"), path),
        tag("details", tag("summary", "The record as it was hashed"), tag("pre", record)),
        tag("p", save),
        tag(
            "p",
            "Anybody who has the log's public key can check this without the database; the key must come from the site "
            "by another way than this page:",
            class_="lead",
        ),
        tag("pre", f"sitefleet log verify --proof {name} --key evidence.pub"),
        class_="long",
    )


def _verdicts(case: Case, view: RecordingView) -> Iterable[Child]:
    yield _verdict(
        "good", "Record proved.", "The record and its audit path lead to the root that the log's key has signed."
    )
    verdict = case.verdict
    if verdict is None:
        yield _verdict(
            "warn", "Log not verified.", "The whole log was not read for this report: `sitefleet log verify`."
        )
    elif verdict.sound:
        witness = (
            f", {verdict.witnessed} of the witness" if verdict.witnessed else "; there was no witness to compare with"
        )
        text = f"{verdict.size} records agree with {verdict.heads} signed heads{witness}."
        yield _verdict("good" if verdict.witnessed else "warn", "Log verified.", text)
    else:
        serious = [f for f in verdict.findings if f.serious]
        yield _verdict("bad", "The log was changed.", f"{len(serious)} findings:")
        more = [f"and {len(serious) - _SHOWN} more"] if len(serious) > _SHOWN else []
        yield tag("ul", (tag("li", line) for line in [f.sentence for f in serious[:_SHOWN]] + more))
    class_ = {FileState.VERIFIED: "good", FileState.CHANGED: "bad", FileState.UNREADABLE: "bad"}.get(view.file, "warn")
    title = {
        FileState.VERIFIED: "Recording verified.",
        FileState.CHANGED: "Recording changed.",
        FileState.UNREADABLE: "Recording unreadable.",
        FileState.ABSENT: "Recording absent.",
        FileState.NONE: "No recording.",
    }[view.file]
    yield _verdict(class_, title, view.sentence)
    if view.file is FileState.VERIFIED:
        yield tag("dl", tag("dt", view.name), tag("dd", f"SHA-256 {view.sha256}", class_="hash"))


def _verdict(class_: str, title: str, text: str) -> Markup:
    return tag("p", tag("b", title), tag("span", text), class_=f"verdict {class_}")
