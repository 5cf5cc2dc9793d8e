"""Zones, permits, leases, mutings and deeds in memory, and what of them has changed since the last commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from fleet_manager.domain.access import AccessRules, AccessZone, Permit
from fleet_manager.domain.evidence import Deed, deed_record
from fleet_manager.domain.kept import PendingDeed, ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting
from fleet_manager.operations.ports import StorePort, Transaction


class SafetyBook:
    """Part of the ledger: changed in memory first, committed together with everything else."""

    def __init__(
        self, store: StorePort, utc: Callable[[], datetime], new_event_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self._utc = utc
        self._new_event_id = new_event_id
        self.rules: AccessRules = store.access_rules()
        self.acks: dict[str, ZoneAck] = store.zone_acks()
        self.mutings: dict[str, Muting] = {m.id: m for m in store.open_mutings()}
        self.pending: list[PendingDeed] = store.pending_deeds()
        """Committed deeds that are not in the evidence log yet."""
        self._leases = store.leases()
        self._zones: dict[str, AccessZone] = {}
        self._permits: dict[str, Permit] = {}
        self._acks: dict[str, ZoneAck] = {}
        self._changed_leases: dict[str, Lease] = {}
        self._mutings: dict[str, Muting] = {}
        self._deeds: list[PendingDeed] = []

    def put_zone(self, zone: AccessZone) -> None:
        """A new or changed zone: the next version of the rules."""
        others = [z for z in self.rules.zones if z.id != zone.id]
        zones = tuple(sorted([*others, zone], key=lambda z: z.id))
        self.rules = replace(self.rules, version=self._next_version(), zones=zones)
        self._zones[zone.id] = zone

    def put_permit(self, permit: Permit) -> None:
        """A new or changed permit: the next version of the rules."""
        others = [p for p in self.rules.permits if p.id != permit.id]
        permits = tuple(sorted([*others, permit], key=lambda p: p.id))
        self.rules = replace(self.rules, version=self._next_version(), permits=permits)
        self._permits[permit.id] = permit

    def _next_version(self) -> int:
        """Above every version that robots may have heard of, also from a store that is gone or was put back: they
        refuse an older one. So it is s since 1970, or one more than the last.
        """
        return max(self.rules.version + 1, int(self._utc().timestamp()))

    def put_ack(self, ack: ZoneAck) -> None:
        """What a robot says to a version."""
        self.acks[ack.robot_id] = self._acks[ack.robot_id] = ack

    def lease(self, robot_id: str) -> Lease:
        """The robot's lease."""
        return self._leases.get(robot_id, Lease(robot_id))

    def put_lease(self, lease: Lease) -> None:
        """A lease that changed hands."""
        self._leases[lease.robot_id] = self._changed_leases[lease.robot_id] = lease

    def renew(self, lease: Lease) -> None:
        """A sign of its holder: nothing that is kept."""
        self._leases[lease.robot_id] = lease

    def put_muting(self, muting: Muting) -> None:
        """A new or changed muting; one that is over is dropped from memory."""
        self._mutings[muting.id] = muting
        if muting.state.open:
            self.mutings[muting.id] = muting
        else:
            self.mutings.pop(muting.id, None)

    def record(self, deed: Deed) -> str:
        """Write a deed down for the evidence log; returns the id of its record."""
        event_id = self._new_event_id()
        self._deeds.append(PendingDeed(event_id, deed_record(deed, event_id, self._utc())))
        return event_id

    # -- committing

    @property
    def dirty(self) -> bool:
        """There is something to commit."""
        return any((self._zones, self._permits, self._acks, self._changed_leases, self._mutings, self._deeds))

    def write(self, tx: Transaction) -> None:
        """Everything that has changed."""
        for zone in self._zones.values():
            tx.put_zone(zone)
        for permit in self._permits.values():
            tx.put_permit(permit)
        if self._zones or self._permits:
            tx.put_version(self.rules.version)
        for ack in self._acks.values():
            tx.put_zone_ack(ack)
        for lease in self._changed_leases.values():
            tx.put_lease(lease)
        for muting in self._mutings.values():
            tx.put_muting(muting)
        for deed in self._deeds:
            tx.add_deed(deed)

    def committed(self) -> None:
        """What was written is on the disk; deeds now wait for the evidence log."""
        self.pending += self._deeds
        self._deeds = []
        for changed in (self._zones, self._permits, self._acks, self._changed_leases, self._mutings):
            changed.clear()

    def logged(self, event_ids: frozenset[str]) -> None:
        """These deeds are in the evidence log."""
        self.pending = [d for d in self.pending if d.event_id not in event_ids]
