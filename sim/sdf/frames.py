"""The frame graph of a model: where every link, joint and frame is in the model's own frame, joints at zero."""

from __future__ import annotations

from sim.sdf.element import Element
from sim.sdf.transform import Transform


def resolve_frames(model: Element) -> dict[str, Transform]:
    """Pose in the model's frame of each link, joint and frame of a `<model>`. Raises SdfError on a cycle."""
    elements = {child.attribute("name"): child for tag in ("link", "joint", "frame") for child in model.all(tag)}
    resolved: dict[str, Transform] = {"__model__": Transform()}
    for name, element in elements.items():
        _resolve(name, element, elements, resolved, ())
    return resolved


def _resolve(
    name: str, asked_by: Element, elements: dict[str, Element], resolved: dict[str, Transform], open_: tuple[str, ...]
) -> Transform:
    if name in resolved:
        return resolved[name]
    if name in open_:
        raise asked_by.error(f"poses form a cycle: {' -> '.join((*open_, name))}")
    if name not in elements:
        raise asked_by.error(f"there is no frame {name!r}")
    element = elements[name]
    outer = _resolve(_outer_name(element), element, elements, resolved, (*open_, name))
    resolved[name] = outer @ (element.pose() or Transform())
    return resolved[name]


def _outer_name(element: Element) -> str:
    """Frame an element's pose is given in: as written, else SDF's default for its kind."""
    if element.relative_to:
        return element.relative_to
    if element.tag == "joint":
        return element.only("child").text
    if element.tag == "frame":
        return str(element.node.get("attached_to") or "__model__")
    return "__model__"
