"""A model's SDF for a robot of a given name.

Topics and frames written in SDF are fixed text, so two robots from one file would share them. A model's file uses
its own name in them (`/model/driller/scan`); the copy for `drill_1` has `/model/drill_1/scan`. Lines stay where they
are, so errors in the copy point into the original file. Run `python -m sim.expand driller drill_1 > drill_1.sdf`
to spawn the copy in Gazebo.
"""

from __future__ import annotations

import argparse
import re
import sys

from sim.paths import checked_name, model_file


def expand_model(model: str, name: str) -> str:
    """SDF text of `model` for a robot called `name`. Raises ValueError for an unknown model or an unusable name."""
    return rename_model(model_file(model).read_text(encoding="utf-8"), model, checked_name(name))


def rename_model(text: str, model: str, name: str) -> str:
    """Give the model and everything that begins with its name the new name."""
    old = re.escape(model)
    text = re.sub(rf'(<model name="){old}(")', rf"\g<1>{name}\g<2>", text)
    text = re.sub(rf"(>/?model/){old}(/)", rf"\g<1>{name}\g<2>", text)
    return re.sub(rf"(>){old}(/)", rf"\g<1>{name}\g<2>", text)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("name")
    arguments = parser.parse_args()
    sys.stdout.write(expand_model(arguments.model, arguments.name))


if __name__ == "__main__":
    main()
