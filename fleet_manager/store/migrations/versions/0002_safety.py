"""Zones, permits, leases, mutings, deeds for the evidence log; a robot's event is stored once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _site() -> sa.Column[object]:
    return sa.Column("site_id", sa.Integer(), sa.ForeignKey("site.id"), nullable=False)


def upgrade() -> None:
    """To this revision."""
    op.add_column("events", sa.Column("source_event_id", sa.String(length=100), nullable=True))
    op.create_index("ix_events_source_event_id", "events", ["source_event_id"], unique=True)
    op.create_table(
        "access_zones",
        _site(),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("ifc_guid", sa.String(length=40), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("speed_limit", sa.Float(precision=53), nullable=False),
        _moment("valid_from"),
        _moment("valid_to"),
        _moment("ended_at"),
        sa.PrimaryKeyConstraint("site_id", "id"),
    )
    op.create_table(
        "access_permits",
        _site(),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("zone_ids", sa.JSON(), nullable=False),
        sa.Column("robot_ids", sa.JSON(), nullable=False),
        sa.Column("trades", sa.JSON(), nullable=False),
        _moment("valid_from"),
        _moment("valid_to"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id"),
    )
    op.create_table(
        "access_versions",
        _site(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id"),
    )
    op.create_table(
        "zone_acks",
        _site(),
        sa.Column("robot_id", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _moment("at", nullable=False),
        sa.PrimaryKeyConstraint("site_id", "robot_id"),
    )
    op.create_table(
        "leases",
        sa.Column("robot_id", sa.String(length=100), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        _moment("since"),
        sa.PrimaryKeyConstraint("robot_id"),
    )
    op.create_table(
        "mutings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("robot_id", sa.String(length=100), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("duration", sa.Float(precision=53), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        _moment("requested_at", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("co_signed_by", sa.String(length=200), nullable=False),
        _moment("until"),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_mutings_robot_id", "mutings", ["robot_id"], unique=False)
    op.create_index("ix_mutings_state", "mutings", ["state"], unique=False)
    op.create_table(
        "evidence_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("evidence_outbox")
    op.drop_index("ix_mutings_state", table_name="mutings")
    op.drop_index("ix_mutings_robot_id", table_name="mutings")
    for table in ("mutings", "leases", "zone_acks", "access_versions", "access_permits", "access_zones"):
        op.drop_table(table)
    op.drop_index("ix_events_source_event_id", table_name="events")
    op.drop_column("events", "source_event_id")
