"""Everything the manager promises with SQLite, it promises with PostgreSQL: the same tests, another database."""

from test_manager_robot_loss import *  # noqa: F403
from test_manager_store import *  # noqa: F403
from test_manager_task_line import *  # noqa: F403
