"""Events are sent until the site has them: oldest first, at least once, and nothing is removed before."""

import errno
from itertools import pairwise

import pytest
from evidence_parts import record
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sitefleet_robot.common.spool import Spool, SpoolInUseError
from sitefleet_robot.evidence import marks as marks_module
from sitefleet_robot.evidence.courier import Courier
from sitefleet_robot.evidence.delivery import Delivery, DeliverySettings
from sitefleet_robot.evidence.followup import Stamp, follow_up
from sitefleet_robot.evidence.marks import Marks


def ids(records) -> list[str]:
    return [str(each["event_id"]) for each in records]


def events(count: int) -> list[dict[str, object]]:
    return [{"event_id": f"e{k:05d}"} for k in range(count)]


def test_waits_double_from_a_fifth_of_a_second_to_five_seconds():
    delivery = Delivery()
    delivery.add(1, {"event_id": "a"}, now=0.0)
    sent = [t / 1000 for t in range(40_000) if delivery.due(t / 1000)]
    gaps = [b - a for a, b in pairwise([0.0, *sent])]
    assert gaps == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, *[5.0] * (len(gaps) - 5)], abs=0.0021)
    assert len(gaps) == 11


def test_oldest_first_few_while_nobody_answers_and_many_once_somebody_does():
    delivery = Delivery(DeliverySettings(batch=50, probe=5))
    for seq, event in enumerate(events(200)):
        delivery.add(seq, event, 0.0)
    first = ids(delivery.due(1.0))
    assert first == ids(events(5))
    assert delivery.acknowledged(first, 1.1) == [0, 1, 2, 3, 4]
    assert ids(delivery.due(1.2)) == ids(events(200))[5:55]
    assert len(delivery.due(1.2)) == 50
    # Five silent seconds later it probes again.
    assert len(delivery.due(7.0)) == 5


def test_an_event_that_is_never_acknowledged_does_not_hold_up_the_others():
    delivery = Delivery(DeliverySettings(batch=2, probe=2))
    for seq, event in enumerate(events(30)):
        delivery.add(seq, event, 0.0)
    stubborn = {"e00000", "e00001"}
    for tick in range(1, 300):
        delivery.acknowledged(set(ids(delivery.due(tick * 0.1))) - stubborn, tick * 0.1)
    assert set(delivery.ids()) == stubborn and delivery.oldest() == 0


def test_unknown_repeated_and_late_acknowledgements_mean_nothing():
    delivery = Delivery()
    delivery.add(1, {"event_id": "a"}, 0.0)
    delivery.add(2, {"event_id": "a"}, 0.0)
    assert len(delivery.due(1.0)) == 1
    assert delivery.acknowledged(["x", "a", "a"], 1.0) == [1]
    assert delivery.acknowledged(["a"], 1.0) == [] and len(delivery) == 0 and delivery.oldest() is None


def test_marks_survive_a_restart_and_take_no_more_room_than_their_records(tmp_path):
    with Marks(tmp_path) as marks:
        for seq in range(1, 20_001, 100):
            marks.add(range(seq, seq + 100))
        marks.forget_below(19_001)
        assert sum(path.stat().st_size for path in tmp_path.glob("*.spool")) < 100_000
    with Marks(tmp_path) as marks:
        assert all(seq in marks for seq in range(19_001, 20_001))
        assert 20_001 not in marks


class SupervisorAndSite(RuleBasedStateMachine):
    """Appends, sendings, acknowledgements, crashes of the courier and of the disk in any order."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.state = Path(self.folder.name)
        self.spool = Spool(self.state / "events", segment_bytes=600)
        self.courier = Courier(self.state)
        self.now = 0.0
        self.made: list[str] = []
        self.stored: list[str] = []
        self.lost_acknowledgements: list[str] = []

    @rule(count=st.integers(1, 4))
    def supervisor_appends(self, count: int) -> None:
        for _ in range(count):
            event = record()
            self.spool.append(event)
            self.made.append(str(event["event_id"]))

    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0]), reach=st.integers(0, 60))
    def courier_sends_and_the_site_stores(self, seconds: float, reach: int) -> None:
        self.now += seconds
        for entry in self.courier.read(self.now):
            self.courier.recorded([entry.seq])
        arrived = ids(self.courier.due(self.now))[:reach]
        self.stored += arrived
        self.lost_acknowledgements = arrived[::2]
        self.courier.acknowledged(arrived[1::2], self.now)

    @rule()
    def acknowledgements_come_late(self) -> None:
        self.courier.acknowledged(self.lost_acknowledgements, self.now)

    @rule()
    def courier_settles(self) -> None:
        self.courier.settle()

    @rule()
    def disk_is_full_for_the_courier(self) -> None:
        def fail(self_, record):
            raise OSError(errno.ENOSPC, "no space")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(marks_module.Spool, "append", fail)
            try:
                self.courier.settle()
            except OSError as fault:
                assert fault.errno == errno.ENOSPC

    @rule()
    def courier_is_killed(self) -> None:
        self.courier.close()
        self.courier = Courier(self.state)

    @invariant()
    def nothing_is_removed_before_the_site_has_it(self) -> None:
        from sitefleet_robot.common.spool import SpoolReader

        there = {str(entry.record["event_id"]) for entry in SpoolReader(self.state / "events").read()}
        assert set(self.made) <= there | set(self.stored)

    def teardown(self) -> None:
        for _ in range(400):
            self.now += 1.0
            for entry in self.courier.read(self.now):
                self.courier.recorded([entry.seq])
            arrived = ids(self.courier.due(self.now))
            self.stored += arrived
            self.courier.acknowledged(arrived, self.now)
        assert set(self.stored) == set(self.made)
        assert self.courier.waiting == 0
        self.courier.settle()
        self.courier.close()
        self.spool.close()
        assert len(list((self.state / "events").glob("*.spool"))) <= 1
        self.folder.cleanup()


TestSupervisorAndSite = SupervisorAndSite.TestCase
TestSupervisorAndSite.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_an_event_is_kept_until_it_is_acknowledged_and_recorded(tmp_path):
    with Spool(tmp_path / "events", segment_bytes=1) as spool:
        made = [record() for _ in range(4)]
        for event in made:
            spool.append(event)
        courier = Courier(tmp_path)
        entries = courier.read(0.0)
        assert [entry.record for entry in entries] == made
        courier.acknowledged(ids(made), 0.0)
        courier.settle()
        segments = lambda: len(list((tmp_path / "events").glob("*.spool")))  # noqa: E731
        assert segments() == 4
        courier.recorded([1, 2])
        courier.settle()
        assert segments() == 2
        courier.recorded_ids(ids(made[2:3]))
        courier.settle()
        assert segments() == 1
        courier.close()
        # A restart knows what is done.
        courier = Courier(tmp_path)
        assert [entry.seq for entry in courier.read(0.0)] == [4] and courier.waiting == 0
        courier.close()


def test_a_recording_is_protected_until_event_and_follow_up_are_acknowledged(tmp_path):
    event = record()
    with Spool(tmp_path / "events") as spool, Spool(tmp_path / "evidence" / "outbox") as outbox:
        spool.append(event)
        courier = Courier(tmp_path)
        courier.read(0.0)
        assert courier.unacknowledged() == {event["event_id"]}
        told = follow_up(event, "recording", "", 2**40, Stamp(0, 0, "", ""))
        outbox.append(told)
        courier.read(0.0)
        courier.acknowledged([str(event["event_id"])], 0.0)
        assert courier.unacknowledged() == {event["event_id"]}
        courier.acknowledged([str(told["event_id"])], 0.0)
        assert courier.unacknowledged() == frozenset()
        courier.close()


def test_a_record_without_an_id_and_a_damaged_one_are_counted_and_hold_up_nothing(tmp_path):
    with Spool(tmp_path / "events", segment_bytes=1) as spool:
        spool.append({"no": "id"})
        spool.append(record())
        spool.append(record())
    second = sorted((tmp_path / "events").glob("*.spool"))[1]
    second.write_bytes(second.read_bytes()[:-2])
    courier = Courier(tmp_path)
    courier.read(0.0)
    assert (courier.unusable, len(courier.damage), courier.waiting) == (1, 1, 1)
    courier.close()


def test_two_couriers_of_one_robot_are_an_error(tmp_path):
    courier = Courier(tmp_path)
    with pytest.raises(SpoolInUseError):
        Courier(tmp_path)
    courier.close()
