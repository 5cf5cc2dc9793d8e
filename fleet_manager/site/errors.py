"""What can go wrong with a site import: a stable code, a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class SiteImportError(Exception):
    """Base of all import errors. `code` is stable, `remedy` says what to do next."""

    code = "SITE_IMPORT"
    remedy = "Check the model in an IFC viewer."

    def __init__(self, sentence: str, remedy: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if remedy is not None:
            self.remedy = remedy

    def as_dict(self) -> dict[str, str]:
        """For JSON output and problem details."""
        return {"code": self.code, "sentence": self.sentence, "remedy": self.remedy}


class ModelNotFound(SiteImportError):
    """There is no such file, or it cannot be read."""

    code = "MODEL_NOT_FOUND"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The model {path} cannot be read: {why}.", "Check the path and the file's permissions.")


class NotAnIfcFile(SiteImportError):
    """The file is something else."""

    code = "NOT_AN_IFC_FILE"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path.name} is not an IFC file: {why}.",
            "Export the model as an IFC STEP file (.ifc, or .ifczip with one model in it).",
        )


class TruncatedModel(SiteImportError):
    """The file starts as IFC but its end is missing."""

    code = "TRUNCATED_MODEL"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} is cut off or damaged: {why}.", "Copy or export the model again.")


class DamagedModel(SiteImportError):
    """The file is whole, but what it says contradicts itself."""

    code = "DAMAGED_MODEL"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path.name} is damaged: {why}.", "Check the model in an IFC viewer or validator, and export it again."
        )


class DoubtfulUnits(SiteImportError):
    """Walls as high as no building's: the length unit is missing or wrong."""

    code = "DOUBTFUL_UNITS"

    def __init__(self, wall: str, height: float, unit: str) -> None:
        super().__init__(
            f"The wall {wall} would be {height:,.3f} m high, and others likewise; {unit}.",
            "Export the model again with the length unit it is drawn in.",
        )


class UnsupportedSchema(SiteImportError):
    """An IFC version this importer does not read."""

    code = "UNSUPPORTED_SCHEMA"

    def __init__(self, schema: str, supported: Sequence[str]) -> None:
        super().__init__(
            f"The model is written in {schema or 'an unnamed schema'}.",
            f"Export it as one of {', '.join(supported)}.",
        )


class NoSuchStorey(SiteImportError):
    """The storey asked for does not exist; lists the ones that do."""

    code = "NO_SUCH_STOREY"

    def __init__(self, asked: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        listed = ", ".join(f'"{n}"' for n in names)
        super().__init__(
            _about_storey(asked, names),
            f"Choose one of: {listed}." if names else "Add IfcBuildingStorey entities to the model.",
        )


def _about_storey(asked: str, names: Sequence[str]) -> str:
    if not names:
        return "The model has no storeys."
    return f'The model has no storey "{asked}".' if asked else f"The model has {len(names)} storeys."


class AmbiguousStorey(SiteImportError):
    """Several storeys have the name that was asked for; lists where each of them is."""

    code = "AMBIGUOUS_STOREY"

    def __init__(self, asked: str, places: Sequence[tuple[str, str]]) -> None:
        listed = "; ".join(f"{guid} ({where})" for guid, where in places)
        super().__init__(
            f'The model has {len(places)} storeys named "{asked}".', f"Name one by its GlobalId: {listed}."
        )


class EmptyStorey(SiteImportError):
    """Nothing of the building stands on this storey."""

    code = "EMPTY_STOREY"

    def __init__(self, storey: str, others: Sequence[str]) -> None:
        listed = ", ".join(f'"{n}"' for n in others)
        super().__init__(
            f'Nothing stands on the storey "{storey}".',
            f"Choose another storey: {listed}." if others else "Check which storey the elements are assigned to.",
        )


class NoWalls(SiteImportError):
    """Elements, but no walls: no plan can be made."""

    code = "NO_WALLS"

    def __init__(self, storey: str, found: str) -> None:
        super().__init__(
            f'The storey "{storey}" has no walls at the height of a robot (found: {found}).',
            "Choose another storey, or export the architectural model rather than another discipline's.",
        )


class NoFloor(SiteImportError):
    """No place where a robot could stand."""

    code = "NO_FLOOR"

    def __init__(self, storey: str, why: str) -> None:
        super().__init__(
            f'No robot can stand anywhere on the storey "{storey}": {why}.',
            "Check the spaces and slabs of the model, or choose another storey.",
        )


class RobotTooWide(SiteImportError):
    """A robot fits through no door of the storey."""

    code = "ROBOT_TOO_WIDE"

    def __init__(self, robot: str, needed: float, doors: Sequence[tuple[str, float]]) -> None:
        self.doors = tuple(doors)
        listed = "; ".join(f"{name} ({width:.2f} m)" for name, width in doors)
        super().__init__(
            f"The {robot} is too wide for every door: it needs {needed:.2f} m clear. Doors: {listed}.",
            "Leave this robot out (--robots), use a narrower one, or widen a door in the model.",
        )


class StoreyTooLarge(SiteImportError):
    """A map of the storey would be larger than anything a robot works on: something lies far away from the rest."""

    code = "STOREY_TOO_LARGE"

    def __init__(self, width: float, length: float, longest: float, area: float) -> None:
        super().__init__(
            f"The storey would measure {width:.0f} m by {length:.0f} m on the map; the limits are {longest:.0f} m and "
            f"{area:.0f} m2.",
            "Look in an IFC viewer for spaces far from the building and move or delete them, or reduce the yard.",
        )


class BadOption(SiteImportError):
    """An option is out of its range or contradicts the model."""

    code = "BAD_OPTION"


class OutputNotWritable(SiteImportError):
    """The output folder cannot be made or replaced."""

    code = "OUTPUT_NOT_WRITABLE"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The folder {path} cannot be written: {why}.", "Choose another folder with --out.")


class OutputInUse(SiteImportError):
    """Another import is writing the same package."""

    code = "OUTPUT_IN_USE"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Another import is writing {path} at this moment.", "Wait for it to end, or choose another folder."
        )


class ImportFailed(SiteImportError):
    """The importer met something it was not made for."""

    code = "IMPORT_FAILED"

    def __init__(self, step: str, why: str) -> None:
        super().__init__(
            f'The import stopped at "{step}": {why}.',
            "Check the model in an IFC viewer; if it looks right there, report the model and this message.",
        )


class NotASitePackage(SiteImportError):
    """A folder that should hold a site package does not, or the package is damaged."""

    code = "NOT_A_SITE_PACKAGE"

    def __init__(self, path: Path, why: str) -> None:
        self.why = why
        super().__init__(f"{path} is not a site package: {why}.", "Make one with `sitefleet site import`.")
