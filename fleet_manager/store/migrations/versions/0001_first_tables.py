"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("robot_id", sa.String(length=100), nullable=True),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.Column("task_id", sa.String(length=40), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_events_kind", "events", ["kind"], unique=False)
    op.create_table(
        "robots",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("factsheet", sa.JSON(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("base_node_ids", sa.JSON(), nullable=False),
        sa.Column("distance_driven", sa.Float(precision=53), nullable=False),
        sa.Column("time_driving", sa.Float(precision=53), nullable=False),
        sa.Column("time_working", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("storey", sa.String(length=200), nullable=False),
        sa.Column("source_file", sa.String(length=400), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "storey", name="uq_site_name_storey"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
    )
    op.create_index("ix_jobs_site_id", "jobs", ["site_id"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state"], unique=False)
    op.create_table(
        "work_items",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("ifc_guid", sa.String(length=40), nullable=False),
        sa.Column("element_name", sa.String(length=400), nullable=False),
        sa.Column("zone_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("tolerance", sa.Float(precision=53), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "id"),
    )
    op.create_index("ix_work_items_ifc_guid", "work_items", ["ifc_guid"], unique=False)
    op.create_index("ix_work_items_trade", "work_items", ["trade"], unique=False)
    op.create_index("ix_work_items_zone_id", "work_items", ["zone_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.String(length=200), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("zone_id", sa.String(length=200), nullable=False),
        sa.Column("item", sa.JSON(), nullable=False),
        sa.Column("target_count", sa.Integer(), nullable=False),
        sa.Column("unreachable", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("robot_id", sa.String(length=100), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("deferred", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("refused_by", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "work_item_id", name="uq_tasks_job_item"),
    )
    op.create_index("ix_tasks_job_id", "tasks", ["job_id"], unique=False)
    op.create_index("ix_tasks_state", "tasks", ["state"], unique=False)
    op.create_index("ix_tasks_work_item_id", "tasks", ["work_item_id"], unique=False)
    op.create_table(
        "as_built",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("robot_id", sa.String(length=100), nullable=False),
        sa.Column("work_item_id", sa.String(length=200), nullable=False),
        sa.Column("ifc_guid", sa.String(length=40), nullable=False),
        sa.Column("target_index", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.Column("deviation", sa.Float(precision=53), nullable=True),
        sa.Column("measured_depth", sa.Float(precision=53), nullable=True),
        sa.Column("measured_value", sa.Float(precision=53), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("reason_code", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("instrument", sa.String(length=200), nullable=False),
        sa.Column("evidence_uri", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Float(precision=53), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["tasks.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("task_id", "attempt", "target_index", "outcome", name="uq_as_built_delivery"),
    )
    op.create_index("ix_as_built_ifc_guid", "as_built", ["ifc_guid"], unique=False)
    op.create_index("ix_as_built_task_id", "as_built", ["task_id"], unique=False)
    op.create_index("ix_as_built_work_item_id", "as_built", ["work_item_id"], unique=False)
    op.create_index(
        "uq_as_built_done_once",
        "as_built",
        ["task_id", "target_index"],
        unique=True,
        sqlite_where=sa.text("outcome = 'done'"),
        postgresql_where=sa.text("outcome = 'done'"),
    )
    op.create_table(
        "attempts",
        sa.Column("task_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("robot_id", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("cost", sa.Float(precision=53), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["tasks.id"],
        ),
        sa.PrimaryKeyConstraint("task_id", "number"),
    )
    op.create_index("ix_attempts_robot_id", "attempts", ["robot_id"], unique=False)
    op.create_index("ix_attempts_state", "attempts", ["state"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_attempts_state", table_name="attempts")
    op.drop_index("ix_attempts_robot_id", table_name="attempts")
    op.drop_table("attempts")
    op.drop_index(
        "uq_as_built_done_once",
        table_name="as_built",
        sqlite_where=sa.text("outcome = 'done'"),
        postgresql_where=sa.text("outcome = 'done'"),
    )
    op.drop_index("ix_as_built_work_item_id", table_name="as_built")
    op.drop_index("ix_as_built_task_id", table_name="as_built")
    op.drop_index("ix_as_built_ifc_guid", table_name="as_built")
    op.drop_table("as_built")
    op.drop_index("ix_tasks_work_item_id", table_name="tasks")
    op.drop_index("ix_tasks_state", table_name="tasks")
    op.drop_index("ix_tasks_job_id", table_name="tasks")
    op.drop_table("tasks")
    op.drop_index("ix_work_items_zone_id", table_name="work_items")
    op.drop_index("ix_work_items_trade", table_name="work_items")
    op.drop_index("ix_work_items_ifc_guid", table_name="work_items")
    op.drop_table("work_items")
    op.drop_index("ix_jobs_state", table_name="jobs")
    op.drop_index("ix_jobs_site_id", table_name="jobs")
    op.drop_table("jobs")
    op.drop_table("site")
    op.drop_table("robots")
    op.drop_index("ix_events_kind", table_name="events")
    op.drop_table("events")
