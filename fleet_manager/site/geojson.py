"""The files of a storey: domain values to and from GeoJSON and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Area, Doorway, PlanElement, Zone, ZoneKind
from fleet_manager.domain.work import WorkItem, WorkTarget

Json = dict[str, Any]


def write(path: Path, value: Any) -> None:
    """Write JSON, one feature a line, so that differences between two imports can be read."""
    if isinstance(value, dict) and "features" in value:
        lines = ",\n".join(_dump(f) for f in value["features"])
        path.write_text(f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n', encoding="utf-8")
    elif isinstance(value, list):
        path.write_text("[\n" + ",\n".join(_dump(v) for v in value) + "\n]\n", encoding="utf-8")
    else:
        path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _collection(features: Iterable[Json]) -> Json:
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(geometry: Json, properties: Mapping[str, Any]) -> Json:
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}


def roadmap_to_json(roadmap: Roadmap) -> Json:
    """Points for nodes, then lines for edges."""
    features = []
    for n in roadmap.nodes.values():
        properties: Json = {"id": n.id, "kind": n.kind.value, "zone_id": n.zone_id, "clearance": n.clearance}
        if n.kind in (NodeKind.HOME, NodeKind.LAYDOWN):
            properties["heading"] = n.heading if n.heading is not None else 0.0
        features.append(_feature({"type": "Point", "coordinates": [n.x, n.y]}, properties))
    for e in roadmap.edges.values():
        a, b = roadmap.nodes[e.source], roadmap.nodes[e.target]
        line = {"type": "LineString", "coordinates": [[a.x, a.y], [b.x, b.y]]}
        features.append(
            _feature(
                line,
                {
                    "id": e.id,
                    "from": e.source,
                    "to": e.target,
                    "length": e.length,
                    "clearance": e.clearance,
                    "door": e.door,
                },
            )
        )
    return _collection(features)


def roadmap_from_json(value: Json) -> Roadmap:
    """Inverse of roadmap_to_json."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    for feature in value["features"]:
        p = feature["properties"]
        if feature["geometry"]["type"] == "Point":
            x, y = feature["geometry"]["coordinates"]
            kind = NodeKind(p["kind"])
            nodes.append(Node(p["id"], x, y, kind, p["clearance"], p["zone_id"], p.get("heading")))
        else:
            edges.append(Edge(p["id"], p["from"], p["to"], p["length"], p["clearance"], p["door"]))
    return Roadmap(nodes, edges)


def _geometry(areas: tuple[Area, ...]) -> Json:
    polygons = [[list(map(list, ring)) for ring in (a.exterior, *a.holes)] for a in areas]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _areas(geometry: Json) -> tuple[Area, ...]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    rings = [[tuple((x, y) for x, y in ring) for ring in polygon] for polygon in polygons]
    return tuple(Area(r[0], tuple(r[1:])) for r in rings)


def zones_to_json(zones: Iterable[Zone]) -> Json:
    """Zones as polygons."""
    return _collection(
        _feature(_geometry(z.areas), {"id": z.id, "name": z.name, "kind": z.kind.value, "ifc_guid": z.ifc_guid})
        for z in zones
    )


def zones_from_json(value: Json) -> tuple[Zone, ...]:
    """Inverse of zones_to_json."""
    found = []
    for feature in value["features"]:
        p = feature["properties"]
        found.append(Zone(p["id"], p["name"], ZoneKind(p["kind"]), p["ifc_guid"], _areas(feature["geometry"])))
    return tuple(found)


_DOORWAY = ("is_door", "x", "y", "normal", "clear_width", "exterior", "passable", "reason")


def floorplan_to_json(elements: Iterable[PlanElement], doorways: Iterable[Doorway]) -> Json:
    """Elements as polygons; doors and passages carry what is known of the doorway."""
    by_guid = {d.ifc_guid: d for d in doorways}
    features = []
    for e in elements:
        properties: Json = {"kind": e.kind, "ifc_guid": e.ifc_guid, "name": e.name}
        if e.kind in ("door", "passage") and e.ifc_guid in by_guid:
            properties.update({k: getattr(by_guid[e.ifc_guid], k) for k in _DOORWAY})
        features.append(_feature(_geometry(e.areas), properties))
    return _collection(features)


def floorplan_from_json(value: Json) -> tuple[tuple[PlanElement, ...], tuple[Doorway, ...]]:
    """Inverse of floorplan_to_json."""
    elements: list[PlanElement] = []
    doorways: list[Doorway] = []
    for feature in value["features"]:
        p = feature["properties"]
        elements.append(PlanElement(p["kind"], p["ifc_guid"], p["name"], _areas(feature["geometry"])))
        if "clear_width" in p:
            doorways.append(Doorway(p["ifc_guid"], p["name"], *(p[k] for k in _DOORWAY)))
    return tuple(elements), tuple(doorways)


def items_to_json(items: Iterable[WorkItem]) -> list[Json]:
    """Work items as the contract has them."""
    return [_item(i) for i in items]


def _item(item: WorkItem) -> Json:
    return {
        "id": item.id,
        "trade": item.trade,
        "ifc_guid": item.ifc_guid,
        "element_name": item.element_name,
        "zone_id": item.zone_id,
        "title": item.title,
        "tolerance": item.tolerance,
        "parameters": dict(item.parameters),
        "targets": [_target(t) for t in item.targets],
    }


def _target(t: WorkTarget) -> Json:
    p = t.pose
    return {
        "index": t.index,
        "node_id": t.node_id,
        "stance": {"x": t.stance.x, "y": t.stance.y, "yaw": t.stance.yaw},
        "heading_free": t.heading_free,
        "pose": {"x": p.x, "y": p.y, "z": p.z, "qx": p.qx, "qy": p.qy, "qz": p.qz, "qw": p.qw},
        "reachable": t.reachable,
        "reason": t.reason,
    }


def items_from_json(value: list[Json]) -> tuple[WorkItem, ...]:
    """Inverse of items_to_json."""
    items = []
    for v in value:
        targets = tuple(
            WorkTarget(
                t["index"],
                t["node_id"],
                Pose2(**t["stance"]),
                t["heading_free"],
                Pose3(**t["pose"]),
                t["reachable"],
                t["reason"],
            )
            for t in v["targets"]
        )
        items.append(WorkItem(**{**v, "targets": targets}))
    return tuple(items)
