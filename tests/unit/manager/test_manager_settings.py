"""Settings of the manager: from the command line and a file; what is unknown or out of range is named."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.evidence import EvidencePlaces, open_evidence, places_of
from fleet_manager.operations.limits import Limits
from fleet_manager.operations.ports import EvidenceUnavailableError
from fleet_manager.settings import LimitSettings, SettingsError, read_settings

ARGS = ["--site", "folder", "--storey", "Level 1"]


def test_without_more_it_listens_on_this_machine_only() -> None:
    settings = read_settings(ARGS)
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("port: 9000\ntick_hz: 5\nlimits: {lost_after: 2.0}\n")
    settings = read_settings([*ARGS, "--settings", str(file), "--port", "9001"])
    assert (settings.port, settings.tick_hz, settings.limits.lost_after) == (9001, 5.0, 2.0)


@pytest.mark.parametrize(
    "text", ["colour: red", "limits: {lots_after: 1}", "port: 99999", "limits: {lost_after: 0}", "- 1"]
)
def test_an_unknown_or_impossible_setting_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        read_settings([*ARGS, "--settings", str(file)])
    word = {"colour: red": "colour", "limits: {lots_after: 1}": "lots_after", "port: 99999": "port"}.get(text, "")
    assert word in str(error.value)


def test_settings_of_limits_are_those_of_operations_with_the_same_defaults() -> None:
    assert LimitSettings().limits() == Limits()
    assert set(LimitSettings.model_fields) == {f.name for f in fields(Limits)}


def test_a_storey_is_found_by_name_or_folder_and_others_are_listed(tmp_path: Path) -> None:
    from site_folder import write_site

    from fleet_manager.storey_files import StoreyError, load

    write_site(tmp_path)
    for name in ("Level 1", "level-1"):
        loaded = load(tmp_path, name)
        assert loaded.site.counts.work_items == 4
        assert (loaded.site.map.width, loaded.site.map.height) == (2.0, 1.0)
    with pytest.raises(StoreyError, match=r"'Level 1' \(level-1\)"):
        load(tmp_path, "Attic")
    with pytest.raises(StoreyError, match="sitefleet site import"):
        load(tmp_path / "nowhere", "Level 1")


def test_the_evidence_log_lies_beside_an_sqlite_store_unless_told_otherwise(tmp_path: Path) -> None:
    given = ["--site", "s", "--storey", "L1"]
    for database in (str(tmp_path / "store.db"), f"sqlite:///{tmp_path / 'store.db'}"):
        found = places_of(read_settings([*given, "--database", database]))
        assert found == EvidencePlaces(
            str(tmp_path / "evidence.db"), tmp_path / "evidence.key", tmp_path / "evidence.witness"
        )
    other = ["--evidence", "x/log.db", "--witness", "/mnt/w"]
    assert places_of(read_settings([*given, *other])) == EvidencePlaces(
        "x/log.db", Path("x/evidence.key"), Path("/mnt/w")
    )


def test_with_a_database_server_key_and_witness_have_to_be_named(tmp_path: Path) -> None:
    given = ["--site", "s", "--storey", "L1", "--database", "postgresql://h/d"]
    with pytest.raises(SettingsError, match="evidence_key, witness"):
        places_of(read_settings(given))
    named = places_of(read_settings([*given, "--evidence-key", "k", "--witness", "w"]))
    assert named == EvidencePlaces("postgresql://h/d", Path("k"), Path("w"))


def test_a_log_that_is_not_what_the_witness_has_seen_is_not_opened(tmp_path: Path) -> None:
    settings = read_settings(["--site", "s", "--storey", "L1", "--database", str(tmp_path / "store.db")])
    with open_evidence(settings) as evidence:
        data = canonical({"event_id": "e1", "robot_id": "d1", "seq": 1})
        evidence.append([Record("e1", "d1", 1, data)])
        assert evidence.find(["e1", "e2"])["e1"].data == data
        assert evidence.last_seq("d1") == 1 and evidence.last_seq("d2") == 0
    for file in tmp_path.glob("evidence.db*"):
        file.unlink()
    with pytest.raises(EvidenceUnavailableError, match="witness"), open_evidence(settings):
        pass


def test_a_signing_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = read_settings(["--site", "s", "--storey", "L1", "--database", str(tmp_path / "store.db")])
    with open_evidence(settings):
        pass
    (tmp_path / "evidence.key").chmod(0o644)
    with pytest.raises(SettingsError, match="others"), open_evidence(settings):
        pass
