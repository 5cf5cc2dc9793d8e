"""The output folder: replaced as a whole or not at all, by one import at a time, and only if it is a site package."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from site_models import ModelBuilder, two_rooms

from fleet_manager.site import errors, import_site, load_site
from fleet_manager.site.replacing import replacing


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = ModelBuilder()
    two_rooms(builder)
    return builder.write(tmp_path_factory.mktemp("model") / "model.ifc")


@pytest.fixture
def package(model: Path, tmp_path: Path) -> Path:
    import_site(model, None, tmp_path / "site")
    return tmp_path / "site"


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", ["notes.txt", "ground/measured.csv", "ground/photos/1.jpg"])
def test_what_a_person_put_into_a_package_is_not_thrown_away(model: Path, package: Path, name: str) -> None:
    (package / name).parent.mkdir(exist_ok=True)
    (package / name).write_text("mine")
    before = content(package)
    with pytest.raises(errors.OutputNotWritable, match="not part of a site package") as error:
        import_site(model, None, package)
    assert "/".join(name.split("/")[:2]) in error.value.sentence
    assert content(package) == before


def test_pictures_of_the_plan_belong_to_a_package(model: Path, package: Path) -> None:
    (package / "ground" / "plan.png").write_bytes(b"old")
    import_site(model, None, package)
    assert not (package / "ground" / "plan.png").exists()


@pytest.mark.parametrize("text", ["- hosts: all\n  tasks: []\n", "{[", "format: 7\n"])
def test_another_programs_site_yaml_makes_no_package(model: Path, tmp_path: Path, text: str) -> None:
    out = tmp_path / "playbooks"
    out.mkdir()
    (out / "site.yaml").write_text(text)
    with pytest.raises(errors.OutputNotWritable, match="not a site package"):
        import_site(model, None, out)
    assert (out / "site.yaml").read_text() == text


def test_an_out_that_is_a_file_is_left_alone(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(errors.OutputNotWritable, match="not a folder"):
        import_site(model, None, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_link_keeps_pointing_at_the_package_it_points_at(model: Path, package: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(package)
    import_site(model, None, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and list(load_site(package).storeys) == ["ground"]


def test_a_link_to_itself_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(errors.OutputNotWritable):
        import_site(model, None, tmp_path / "loop")


def test_the_current_folder_is_not_taken_away(package: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package / "ground")
    with pytest.raises(errors.OutputNotWritable, match="current folder"):
        import_site(model, None, package)
    assert load_site(package).storeys


def test_two_imports_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "site") as fresh:
        (fresh / "one").write_text("1")
        with pytest.raises(errors.OutputInUse, match="at this moment"), replacing(tmp_path / "site"):
            raise AssertionError("the second import began")
        assert (fresh / "one").read_text() == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_many_imports_at_once_leave_one_whole_package(tmp_path: Path) -> None:
    refused = []

    def make(number: int) -> None:
        try:
            with replacing(tmp_path / "site") as fresh:
                (fresh / "site.yaml").write_text("format: 1\n")
                (fresh / "storey").mkdir()
                for name in ("map.pgm", "map.yaml"):
                    (fresh / "storey" / name).write_text(str(number))
        except errors.OutputInUse:
            refused.append(number)

    threads = [threading.Thread(target=make, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) < 12
    assert len({(tmp_path / "site/storey" / n).read_text() for n in ("map.pgm", "map.yaml")}) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_is_an_error_and_the_old_package_stays(
    model: Path, package: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = content(package)
    write = Path.write_text

    def full(path: Path, *args: object, **kwargs: object) -> int:
        if path.name == "work_items.json":
            raise OSError(number, os.strerror(number))
        return write(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(errors.OutputNotWritable, match=os.strerror(number)):
        import_site(model, None, package)
    assert content(package) == before and [p.name for p in package.parent.iterdir()] == ["site"]


def test_ctrl_c_leaves_the_old_package_and_nothing_else(tmp_path: Path, package: Path) -> None:
    before = content(package)
    with pytest.raises(KeyboardInterrupt), replacing(package) as fresh:
        (fresh / "half").write_text("")
        raise KeyboardInterrupt
    assert content(package) == before and [p.name for p in tmp_path.iterdir()] == ["site"]


KILLED = """
import os, signal, sys
from pathlib import Path
from fleet_manager.site import replacing
if sys.argv[2] == "between":
    def replace(source, target, real=os.replace):
        real(source, target)
        os.kill(os.getpid(), signal.SIGKILL)
    replacing.os.replace = replace
with replacing.replacing(Path(sys.argv[1])) as fresh:
    (fresh / "ground").mkdir()
    (fresh / "ground" / "map.pgm").write_text("half")
    if sys.argv[2] == "midway":
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", ["midway", "between"])
def test_after_a_kill_the_next_import_finds_the_old_package_and_clears_up(
    model: Path, package: Path, moment: str
) -> None:
    before = content(package)
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", KILLED, str(package), moment], cwd=root, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    if moment == "midway":
        assert content(package) == before
    with pytest.raises(errors.NoSuchStorey):  # a failing import only: recovery does not wait for a good one
        import_site(model, "Attic", package)
    assert content(package) == before
    import_site(model, None, package)
    assert [p.name for p in package.parent.iterdir()] == ["site"]


def test_parents_are_made_and_taken_back(model: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.NoSuchStorey):
        import_site(model, "Attic", tmp_path / "a" / "b" / "site")
    assert list(tmp_path.iterdir()) == []
    import_site(model, None, tmp_path / "a" / "b" / "site")
    assert load_site(tmp_path / "a" / "b" / "site").storeys
