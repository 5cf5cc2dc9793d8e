"""Work of a robot: the task executor, its journal, and one module a trade."""
