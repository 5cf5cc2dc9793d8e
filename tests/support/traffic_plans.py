"""Floor plans for traffic: rooms with one-lane doors, one-lane corridors with dead ends, random trees with loops."""

from __future__ import annotations

import math
import random

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap

WIDE, NARROW = 1.0, 0.45


class Plan:
    """Collects nodes and edges."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def node(self, name: str, x: float, y: float, kind: NodeKind = NodeKind.WAY, clearance: float = WIDE) -> str:
        self.nodes[name] = Node(name, x, y, kind, clearance, zone_id="zone")
        return name

    def edge(self, a: str, b: str, clearance: float = WIDE, door: str | None = None) -> None:
        u, v = self.nodes[a], self.nodes[b]
        length = math.hypot(u.x - v.x, u.y - v.y)
        self.edges.append(Edge(f"{a}--{b}", a, b, length, clearance, door))

    def roadmap(self) -> Roadmap:
        return Roadmap(self.nodes.values(), self.edges)


def corridor(length: int, bays: tuple[int, ...], homes: int, pitch: float = 0.8) -> Roadmap:
    """A one-lane corridor along x with bays above it; homes are leaves below its left end, 1.2 m apart."""
    plan = Plan()
    for i in range(length):
        plan.node(f"c{i}", i * pitch, 0.0)
        if i:
            plan.edge(f"c{i - 1}", f"c{i}", NARROW)
    for i in bays:
        plan.node(f"b{i}", i * pitch, 1.2)
        plan.edge(f"c{i}", f"b{i}", NARROW)
    _homes(plan, homes, "c0")
    return plan.roadmap()


def _homes(plan: Plan, count: int, at: str) -> None:
    """A yard to the left of a node: a lane with a leaf for each robot."""
    x0, y0 = plan.nodes[at].x, plan.nodes[at].y
    before = at
    for i in range(count):
        lane = plan.node(f"yard{i}", x0 - 1.2 * (i + 1), y0)
        plan.edge(before, lane)
        plan.node(f"home{i}", x0 - 1.2 * (i + 1), y0 - 1.2, NodeKind.HOME)
        plan.edge(lane, f"home{i}")
        before = lane


def rooms(rng: random.Random, columns: int, rows: int, homes: int) -> Roadmap:
    """Rooms of 2x2 or 3x3 places, joined by one-lane doors: a random tree and a few doors more."""
    plan = Plan()
    pitch = rng.choice([0.8, 1.0])
    size = rng.choice([2, 3])
    span = size * pitch + 1.2

    def name(c: int, r: int, i: int, j: int) -> str:
        return f"r{c}.{r}.{i}.{j}"

    for c in range(columns):
        for r in range(rows):
            for i in range(size):
                for j in range(size):
                    plan.node(name(c, r, i, j), c * span + i * pitch, r * span + j * pitch)
                    if i:
                        plan.edge(name(c, r, i - 1, j), name(c, r, i, j))
                    if j:
                        plan.edge(name(c, r, i, j - 1), name(c, r, i, j))
                    if i and j and rng.random() < 0.5:
                        plan.edge(name(c, r, i - 1, j - 1), name(c, r, i, j))
    walls = [((c, r), (c + 1, r)) for c in range(columns - 1) for r in range(rows)]
    walls += [((c, r), (c, r + 1)) for c in range(columns) for r in range(rows - 1)]
    rng.shuffle(walls)
    group = {(c, r): (c, r) for c in range(columns) for r in range(rows)}

    def root(k: tuple[int, int]) -> tuple[int, int]:
        while group[k] != k:
            k = group[k]
        return k

    for a, b in walls:
        if root(a) != root(b) or rng.random() < 0.25:
            group[root(a)] = root(b)
            k = rng.randrange(size)
            ends = (name(*a, size - 1, k), name(*b, 0, k)) if a[1] == b[1] else (name(*a, k, size - 1), name(*b, k, 0))
            plan.edge(*ends, NARROW, door=f"{a}-{b}")
    _homes(plan, homes, name(0, 0, 0, 0))
    return plan.roadmap()


def lattice_rooms(rng: random.Random, columns: int, rows: int, homes: int) -> Roadmap:
    """Rooms on a lattice of 0.6 m with diagonals, as a site import makes them, joined by one-lane doors."""
    plan = Plan()
    pitch = 0.6
    size = [[(rng.randrange(2, 6), rng.randrange(2, 6)) for _ in range(rows)] for _ in range(columns)]
    span = 5 * pitch + 1.2

    def name(c: int, r: int, i: int, j: int) -> str:
        return f"r{c}.{r}.{i}.{j}"

    for c in range(columns):
        for r in range(rows):
            w, h = size[c][r]
            for i in range(w):
                for j in range(h):
                    plan.node(name(c, r, i, j), c * span + i * pitch, r * span + j * pitch)
                    for di, dj in ((-1, 0), (0, -1), (-1, -1), (-1, 1)):
                        if i + di >= 0 and 0 <= j + dj < h:
                            other = name(c, r, i + di, j + dj)
                            if other in plan.nodes:
                                plan.edge(other, name(c, r, i, j))
    for c in range(columns):
        for r in range(rows):
            w, h = size[c][r]
            if c + 1 < columns and (r == 0 or rng.random() < 0.3):
                j = rng.randrange(min(h, size[c + 1][r][1]))
                plan.edge(name(c, r, w - 1, j), name(c + 1, r, 0, j), NARROW, door=f"E{c}.{r}")
            if r + 1 < rows:
                i = rng.randrange(min(w, size[c][r + 1][0]))
                plan.edge(name(c, r, i, h - 1), name(c, r + 1, i, 0), NARROW, door=f"N{c}.{r}")
    _homes(plan, homes, name(0, 0, 0, 0))
    return plan.roadmap()


def tree(rng: random.Random, joints: int, homes: int) -> Roadmap:
    """Random one-lane corridors on a coarse grid: a tree with dead ends, with a loop now and then."""
    plan = Plan()
    step = 2.0
    plan.node("j0", 0.0, 0.0)
    cells = {(0, 0): "j0"}
    joined: set[frozenset[str]] = set()
    while len(cells) < joints:
        (x, y), base = rng.choice(sorted(cells.items()))
        dx, dy = rng.choice([(1, 0), (-1, 0), (0, 1), (0, -1)])
        if x + dx < 0:
            continue
        spot = (x + dx, y + dy)
        new = spot not in cells
        if not new and rng.random() < 0.8:
            continue
        if new:
            cells[spot] = plan.node(f"j{len(cells)}", spot[0] * step, spot[1] * step)
        other = cells[spot]
        if frozenset((base, other)) in joined:
            continue
        joined.add(frozenset((base, other)))
        middle = plan.node(f"m{len(joined)}", (x + dx / 2) * step, (y + dy / 2) * step)
        plan.edge(base, middle, NARROW)
        plan.edge(middle, other, NARROW)
    _homes(plan, homes, "j0")
    return plan.roadmap()
