"""The one error of the SDF reader: it always says where."""

from __future__ import annotations


class SdfError(Exception):
    """An SDF file that cannot be simulated as it is written.

    `element` is the path of the element from the file's root, for example `sdf/world/model[wall_1]/link[link]`.
    """

    def __init__(self, source: str, element: str, line: int | None, problem: str) -> None:
        """Keep the parts for programs and one sentence for people."""
        self.source = source
        self.element = element
        self.line = line
        self.problem = problem
        super().__init__(f"{source}:{line if line is not None else '?'}: {element}: {problem}")
