"""Contacts are found and named; people go where they are told; least distances are kept."""

from __future__ import annotations

import pytest

from sim.embedded.report import summary, write_report


def _drive(simulation, clock, seconds, linear, robot="r"):
    for _ in range(round(seconds / simulation.dt)):
        simulation.robots[robot].drive.command(linear, 0.0, clock.now)
        simulation.step()


def test_driving_about_freely_is_no_contact(make_simulation, clock, robot_model):
    simulation = make_simulation({"r": (robot_model, 2.0, 2.5, 0.0)}, world="room.sdf")
    _drive(simulation, clock, 5.0, 0.4)
    assert simulation.contacts.records == {}
    assert not simulation.bumper("r")


def test_a_wall_stops_the_robot_and_presses_its_bumper(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 5.0, 2.5, 0.0)}, world="room.sdf")
    _drive(simulation, clock, 4.0, 0.4)
    assert simulation.bumper("r")
    record = simulation.contacts.records["r", "hull", "wall_room_east/collision"]
    assert record.count >= 1
    assert record.place[0] == pytest.approx(6.0, abs=0.01)
    assert simulation.robots["r"].pose[0] == pytest.approx(6.0 - 0.22, abs=0.01)


def test_the_bumper_is_released_after_backing_off(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 5.5, 2.5, 0.0)}, world="room.sdf")
    _drive(simulation, clock, 2.0, 0.4)
    _drive(simulation, clock, 2.0, -0.3)
    assert not simulation.bumper("r")
    assert simulation.has_bumper("r")


def test_a_touch_between_robots_counts_for_both(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0), "o": ("hauler", 1.5, 0.0, 0.0)})
    _drive(simulation, clock, 4.0, 0.5)
    assert ("r", "hull", "o") in simulation.contacts.records
    assert ("o", "hull", "r") in simulation.contacts.records
    assert simulation.separation.robot_robot <= 0.0


def test_a_person_that_walks_into_a_robot_is_a_contact(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 2.0, 0.0, 0.0)}, {"p": (0.0, 0.0)})
    for _ in range(round(2.0 / simulation.dt)):
        simulation.people["p"].command(1.0, 0.0, 0.0, clock.now)
        simulation.step()
    assert ("r", "hull", "p") in simulation.contacts.records
    assert simulation.bumper("r")


def test_a_person_walks_as_commanded_and_stands_when_commands_end(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 9.0, 9.0, 0.0)}, {"p": (0.0, 0.0)})
    person = simulation.people["p"]
    person.command(1.0, 0.0, 0.0, clock.now)
    simulation.run(2.0)
    assert (person.x, person.y) == (pytest.approx(2.0), pytest.approx(0.0))
    clock.now += 0.6
    simulation.run(1.0)
    assert person.x == pytest.approx(2.0)
    assert person.read_truth().linear == (0.0, 0.0, 0.0)


def test_least_distances_are_those_of_the_closest_moment(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0), "o": ("hauler", 2.0, 0.0, 0.0)}, {"p": (0.0, 2.0)})
    _drive(simulation, clock, 3.0, 0.3)
    _drive(simulation, clock, 3.0, -0.3)
    x = 0.3 * 3.0 - 0.3**2 / (2 * 0.8) + 0.3**2 / (2 * 1.5)
    assert simulation.separation.robot_robot == pytest.approx(2.0 - x - 0.22 - 0.30, abs=0.02)
    assert simulation.separation.robot_person == pytest.approx(2.0 - 0.18 - 0.25, abs=0.01)


def test_the_report_names_contacts_and_is_replaced_whole(make_simulation, clock, tmp_path):
    simulation = make_simulation({"r": ("inspector", 5.0, 2.5, 0.0)}, world="room.sdf")
    _drive(simulation, clock, 4.0, 0.4)
    content = summary(simulation, 2.0, 0.5)
    assert content["contacts_per_robot"] == {"r": sum(c["count"] for c in content["sim_contacts"])}
    assert content["sim_contacts"][0]["with"] == "wall_room_east/collision"
    assert content["rtf"] == 2.0
    write_report(tmp_path / "report.json", content)
    write_report(tmp_path / "report.json", content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]
