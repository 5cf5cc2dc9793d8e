"""SDF text to typed values. Strict: an element outside the table of `grammar` raises with its place."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from sim.sdf import grammar
from sim.sdf.element import Element
from sim.sdf.errors import SdfError
from sim.sdf.frames import resolve_frames
from sim.sdf.parts import read_joint, read_light, read_link, read_plugin
from sim.sdf.transform import Transform
from sim.sdf.types import Link, Model, World

SDF_VERSIONS = frozenset({"1.6", "1.7", "1.8", "1.9"})


def read_world(path: str | Path) -> World:
    """Read the one world of a file. Raises SdfError."""
    element = _root(Path(path).read_bytes(), str(path)).only("world")
    _check_names(element, ("model", "light"))
    for plugin in element.all("plugin"):
        if plugin.attribute("name") not in grammar.WORLD_PLUGINS:
            raise plugin.error(f"unsupported world plugin {plugin.attribute('name')!r}")
    physics = element.first("physics")
    return World(
        name=element.attribute("name"),
        source=str(path),
        gravity=element.vector3("gravity", (0.0, 0.0, -9.8)),
        step=physics.number("max_step_size", 0.0) if physics is not None else 0.0,
        models=tuple(_model(child) for child in element.all("model")),
        lights=tuple(read_light(child) for child in element.all("light")),
    )


def read_model(path: str | Path, text: str | bytes | None = None) -> Model:
    """Read the one model of a file, or of `text` with `path` as its name in errors. Raises SdfError."""
    data = text.encode() if isinstance(text, str) else text
    return _model(_root(Path(path).read_bytes() if data is None else data, str(path)).only("model"))


def _root(data: bytes, source: str) -> Element:
    try:
        node = etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise SdfError(source, "document", error.lineno, f"not well-formed XML: {error.msg}") from error
    root = Element(node, source, "sdf")
    if node.tag != "sdf":
        raise root.error(f"the root element is <{node.tag}>, expected <sdf>")
    if node.get("version") not in SDF_VERSIONS:
        raise root.error(f"SDF version {node.get('version')!r} is not supported, only {sorted(SDF_VERSIONS)}")
    _check(root, "")
    return root


def _check(element: Element, parent: str) -> None:
    """Hold every element below `element` to the table."""
    if element.tag == "plugin" or element.tag in grammar.IGNORED_SUBTREES:
        return
    allowed = grammar.children_of(parent, element.tag)
    for child in element.children():
        if child.tag not in allowed:
            raise child.error(f"element <{child.tag}> is not supported in <{element.tag}>")
        _check(child, element.tag)


def _check_names(element: Element, tags: tuple[str, ...], together: bool = False) -> None:
    """Names must differ among the children of one kind, or of all the kinds `together`."""
    seen: set[str] = set()
    for tag in tags:
        seen = seen if together else set()
        for child in element.all(tag):
            name = child.attribute("name")
            if name in seen:
                raise child.error(f"a second {tag} named {name!r}")
            seen.add(name)


def _model(element: Element) -> Model:
    _check_names(element, ("link", "joint", "frame"), together=True)
    if not element.all("link"):
        raise element.error("a model needs at least one link")
    for link in element.all("link"):
        _check_names(link, ("collision", "visual", "sensor"), together=True)
    if element.relative_to not in ("", "world"):
        raise element.error("a model's pose is supported relative to the world only")
    static = element.boolean("static", False)
    frames = resolve_frames(element)
    links = tuple(read_link(child, frames[child.attribute("name")]) for child in element.all("link"))
    joints = tuple(read_joint(child) for child in element.all("joint"))
    names = {link.name for link in links}
    for joint, child in zip(joints, element.all("joint"), strict=True):
        for end in (joint.parent, joint.child):
            if end not in names:
                raise child.error(f"joint names link {end!r}, which the model does not have")
    _check_tree(element, links, {joint.child for joint in joints}, static)
    if len({joint.child for joint in joints}) != len(joints):
        raise element.error("a link is the child of two joints (closed loops are not supported)")
    return Model(
        name=element.attribute("name"),
        source=element.source,
        static=static,
        pose=element.pose() or Transform(),
        links=links,
        joints=joints,
        plugins=tuple(read_plugin(child) for child in element.all("plugin")),
        line=element.line or 0,
    )


def _check_tree(element: Element, links: tuple[Link, ...], children: set[str], static: bool) -> None:
    roots = [link.name for link in links if link.name not in children]
    if not roots:
        raise element.error("the joints form a loop: no link is free of a parent")
    if len(roots) > 1 and not static:
        raise element.error(f"links {roots} are not joined to one another")
