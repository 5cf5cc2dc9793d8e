"""What the demo does with a storey: work, people, and the thing in the way."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from fleet_manager.domain.site import Storey
from sim.embedded.options import parse_options
from sim.paths import WORLDS
from sim.people import load_paths
from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.obstruction import KEEP, SIZE, place_duct_box
from sitefleet.demo.selection import select_work
from sitefleet.demo.staging import place_robots, write_people
from sitefleet.demo.walkers import KEEP_OFF, LONGEST, walks

ALL = ("driller", "hauler", "inspector")


def ids(storey: Storey, **wishes: object) -> list[str]:
    given = {"models": ALL, "trades": (), "zones": (), "max_items": None, **wishes}
    return [item.id for item in select_work(storey, **given).items]  # type: ignore[arg-type]


def test_all_work_is_taken_unless_somebody_asks_for_less(storey: Storey) -> None:
    assert ids(storey) == ["d1", "d2", "t1", "i1", "i2"]
    assert ids(storey, trades=("inspect",)) == ["i1", "i2"]
    assert ids(storey, zones=("kitchen",)) == ["d1", "t1", "i2"]
    assert ids(storey, zones=("A2",), trades=("drill",)) == ["d2"]


def test_a_limit_of_items_takes_the_trades_in_turn(storey: Storey) -> None:
    assert ids(storey, max_items=3) == ["d1", "t1", "i1"]
    assert ids(storey, max_items=4) == ["d1", "d2", "t1", "i1"]


def test_work_that_no_robot_of_the_demo_does_is_left_out_and_said(storey: Storey) -> None:
    selection = select_work(storey, ("driller",), (), (), None)
    assert [item.id for item in selection.items] == ["d1", "d2"]
    assert ("1 work items of trade transport", "no robot of this demo does it") in selection.left_out
    assert ("drill in A1, place 1", "narrow") in selection.left_out
    assert selection.targets == 4


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"trades": ("paint",)}, "no work of trade 'paint'; there is: drill, transport, inspect"),
        ({"zones": ("Attic",)}, "no room 'Attic'; there are: Kitchen, Living Room"),
        ({"models": ("hauler",), "trades": ("drill",)}, "nothing to do"),
    ],
)
def test_wishes_that_cannot_be_met_say_what_there_is(storey: Storey, wishes: dict[str, object], words: str) -> None:
    with pytest.raises(DemoArgumentError, match=words):
        ids(storey, **wishes)


@pytest.mark.parametrize("seed", range(12))
def test_the_box_blocks_exactly_one_reachable_hole(storey: Storey, seed: int) -> None:
    box = place_duct_box(storey.work_items, seed)
    assert box is not None
    holes = [t for i in storey.work_items if i.trade == "drill" for t in i.targets if t.reachable]
    below = [t for t in holes if math.hypot(t.pose.x - box.centre[0], t.pose.y - box.centre[1]) < KEEP]
    assert below == [box.target]
    assert box.centre[2] + SIZE[2] / 2 == pytest.approx(box.target.pose.z)


def test_the_box_is_the_same_for_the_same_seed_and_not_for_all(storey: Storey) -> None:
    places = [place_duct_box(storey.work_items, seed) for seed in range(20)]
    assert places == [place_duct_box(storey.work_items, seed) for seed in range(20)]
    assert len({place.centre for place in places if place}) > 1


def test_without_a_fitting_hole_there_is_no_box(storey: Storey) -> None:
    assert place_duct_box([i for i in storey.work_items if i.id == "d2"], 1) is None


def test_the_simulator_understands_the_box(storey: Storey) -> None:
    box = place_duct_box(storey.work_items, 1)
    assert box is not None
    options = parse_options(["--world", str(WORLDS / "empty.sdf"), *box.simulator_options()])
    assert options.obstructions[0].centre == pytest.approx(box.centre)
    assert options.obstructions[0].size == SIZE


def test_a_person_walks_in_the_open_and_not_where_robots_park(storey: Storey) -> None:
    (walk,) = walks(storey.roadmap, 1)
    assert {y for _, y in walk} == {10.0}
    assert LONGEST - 1.0 < sum(math.dist(a, b) for a, b in pairwise(walk)) <= LONGEST
    assert all(math.dist(corner, (0.0, 10.5)) >= KEEP_OFF for corner in walk)


def test_more_people_than_room_get_as_many_walks_as_there_are(storey: Storey) -> None:
    found = walks(storey.roadmap, 9)
    assert 2 < len(found) < 9
    corners = [corner for walk in found for corner in walk]
    assert len(set(corners)) == len(corners)


def test_the_people_process_reads_what_the_demo_writes(storey: Storey, tmp_path: Path) -> None:
    assert write_people(storey, 2, tmp_path / "people.yaml") == 2
    people = load_paths(tmp_path / "people.yaml")
    assert [p.person_id for p in people] == ["person_1", "person_2"]
    loop = people[0].waypoints
    assert all(math.dist(a, b) <= 1.01 for a, b in pairwise([*loop, loop[0]]))


def test_more_robots_than_homes_are_refused(storey: Storey) -> None:
    assert place_robots(storey, ["driller:driller"])[0].home_node == "h1"
    with pytest.raises(DemoArgumentError, match="only 1 home nodes"):
        place_robots(storey, ["driller:driller", "hauler:hauler"])
