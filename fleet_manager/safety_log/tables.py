"""Tables of the evidence log, in a database of its own. Rows are added and never changed."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
)

METADATA = MetaData()

ENTRIES = Table(
    "evidence_entry",
    METADATA,
    Column("leaf_index", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("robot_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("event_class", String(64), nullable=False),
    Column("t_ns", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Index("ix_evidence_entry_robot_seq", "robot_id", "seq"),
    Index("ix_evidence_entry_subject_time", "subject", "t_ns"),
)
"""`data` is what is hashed; the other columns only find it (see `filing`)."""

NODES = Table(
    "evidence_node",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)
"""Perfect subtrees above the leaves."""

HEADS = Table(
    "evidence_head",
    METADATA,
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("log_id", String(64), nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("signature", LargeBinary(64), nullable=False),
)
"""One signed head for each append."""


def _append_only(table: Table) -> None:
    """Against mistakes, not against somebody who can drop a trigger; those the hashes are for."""
    for verb in ("UPDATE", "DELETE"):
        statement = DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name}"
            " BEGIN SELECT RAISE(ABORT, 'the evidence log is append only'); END"
        )
        event.listen(table, "after_create", statement.execute_if(dialect="sqlite"))


for _table in (ENTRIES, NODES, HEADS):
    _append_only(_table)
