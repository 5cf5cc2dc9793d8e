"""Tables of the store. Portable SQL: SQLite by default, PostgreSQL by URL.

Enumerations are stored as their lower-case words, lists and nested values as JSON, moments as UTC.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC; SQLite knows no time zones, so they are taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the store takes only moments with a time zone")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        float: Float(53),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class SiteRow(Base):
    """A storey of a site the manager has worked on."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("name", "storey", name="uq_site_name_storey"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    storey: Mapped[str] = mapped_column(String(200))
    source_file: Mapped[str] = mapped_column(String(400))
    source_sha256: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]


class WorkItemRow(Base):
    """Work as the building model asks for it, with its targets (`targets`: as in work_items.json)."""

    __tablename__ = "work_items"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    trade: Mapped[str] = mapped_column(String(40), index=True)
    ifc_guid: Mapped[str] = mapped_column(String(40), index=True)
    element_name: Mapped[str] = mapped_column(String(400))
    zone_id: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(400))
    tolerance: Mapped[float]
    parameters: Mapped[dict[str, Any]]
    targets: Mapped[list[Any]]


class JobRow(Base):
    """A set of work items a person asked for. `state`: a JobState word."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), index=True)
    priority: Mapped[int]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    requested_by: Mapped[str] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the request, so that a key used again for something else is refused."""


class TaskRow(Base):
    """One work item of a job. `item` is the work item as it was when the job was accepted (work_items.json form).

    `done`, `deferred` and `held` are lists of target indices: records that need no more work; deferred in this round;
    and held back because a robot that is out of reach may be working there.
    """

    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("job_id", "work_item_id", name="uq_tasks_job_item"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    number: Mapped[int]
    """Place within the job, from 1."""
    work_item_id: Mapped[str] = mapped_column(String(200), index=True)
    trade: Mapped[str] = mapped_column(String(40))
    zone_id: Mapped[str] = mapped_column(String(200))
    item: Mapped[dict[str, Any]]
    target_count: Mapped[int]
    unreachable: Mapped[list[Any]]
    """Indices of targets no robot can stand at."""
    state: Mapped[str] = mapped_column(String(20), index=True)
    attempt: Mapped[int]
    robot_id: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[int]
    done: Mapped[list[Any]]
    deferred: Mapped[list[Any]]
    held: Mapped[list[Any]]
    refused_by: Mapped[list[Any]]
    failures: Mapped[int]
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AttemptRow(Base):
    """One dispatch of a task to a robot. `state`: assigned, running, ended, lost. `outcome`: ExecuteTask's number."""

    __tablename__ = "attempts"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    robot_id: Mapped[str] = mapped_column(String(100), index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    targets: Mapped[list[Any]]
    """Indices of the targets that were sent."""
    held: Mapped[list[Any]]
    """Indices the robot may still be working on although the attempt was given up."""
    cost: Mapped[float]
    outcome: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text)
    assigned_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AsBuiltRow(Base):
    """What was really built at one target. A target of a task is done once; a record delivered twice is stored once."""

    __tablename__ = "as_built"
    __table_args__ = (
        UniqueConstraint("task_id", "attempt", "target_index", "outcome", name="uq_as_built_delivery"),
        Index(
            "uq_as_built_done_once",
            "task_id",
            "target_index",
            unique=True,
            sqlite_where=text("outcome = 'done'"),
            postgresql_where=text("outcome = 'done'"),
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    attempt: Mapped[int]
    """0 for a record the manager made itself (a target without a place to stand)."""
    robot_id: Mapped[str] = mapped_column(String(100))
    work_item_id: Mapped[str] = mapped_column(String(200), index=True)
    ifc_guid: Mapped[str] = mapped_column(String(40), index=True)
    target_index: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))
    measured: Mapped[dict[str, Any]]
    """x, y, z, qx, qy, qz, qw in the map frame; null where not measured."""
    deviation: Mapped[float | None]
    """None, here and in the next two: not measured (NaN on the wire)."""
    measured_depth: Mapped[float | None]
    measured_value: Mapped[float | None]
    passed: Mapped[bool]
    reason_code: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    instrument: Mapped[str] = mapped_column(String(200))
    evidence_uri: Mapped[str] = mapped_column(Text)
    stamp: Mapped[float]
    """s of ROS time."""
    stored_at: Mapped[datetime]


class RobotRow(Base):
    """A robot the manager has met: factsheet, last known state and totals over all its restarts."""

    __tablename__ = "robots"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    model: Mapped[str] = mapped_column(String(100))
    online: Mapped[bool]
    last_seen: Mapped[datetime | None]
    factsheet: Mapped[dict[str, Any]]
    snapshot: Mapped[dict[str, Any]]
    """Last RobotSnapshot; refreshed every few seconds and at each change of online."""
    base_node_ids: Mapped[list[Any]]
    """Nodes last released to it, written before they were sent."""
    distance_driven: Mapped[float]
    time_driving: Mapped[float]
    time_working: Mapped[float]


class EventRow(Base):
    """What happened, in order; rows are only ever added. `severity`: 0 info, 1 warning, 2 serious, 3 severe."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    time: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60), index=True)
    severity: Mapped[int]
    robot_id: Mapped[str | None] = mapped_column(String(100))
    job_id: Mapped[str | None] = mapped_column(String(40))
    task_id: Mapped[str | None] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    source_event_id: Mapped[str | None] = mapped_column(String(100), unique=True, index=True)
    """Id of the robot's safety event, which may be delivered several times and is kept once."""
