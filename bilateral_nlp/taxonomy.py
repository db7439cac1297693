"""The labels: sectors and entity kinds, with their names, definitions and codes.

Everything that names a label reads it from here; ``taxonomy.toml`` beside this file is the one
place where the default labels are written. A user's own taxonomy is a file of the same form.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMES = ("dac", "cofog", "eurovoc", "cap")


@dataclass(frozen=True)
class Label:
    """One sector or entity kind. ``codes`` maps a scheme of `SCHEMES` to its codes (may be empty)."""

    id: str
    ar: str
    en: str
    definition: str = ""
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Taxonomy:
    """Sectors and entity kinds, in the order that the model's outputs follow."""

    sectors: tuple[Label, ...]
    entities: tuple[Label, ...]

    @property
    def sector_ids(self) -> tuple[str, ...]:
        return tuple(label.id for label in self.sectors)

    @property
    def entity_ids(self) -> tuple[str, ...]:
        return tuple(label.id for label in self.entities)

    def sector(self, id: str) -> Label:
        """The sector of that id; KeyError names the known ones."""
        return _find(self.sectors, id, "sector")

    def entity(self, id: str) -> Label:
        """The entity kind of that id; KeyError names the known ones."""
        return _find(self.entities, id, "entity label")

    @classmethod
    def from_toml(cls, path: str | Path) -> Taxonomy:
        """Read a taxonomy file; ValueError names the file and the faulty entry."""
        path = Path(path)
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path}: not a TOML file: {error}") from None
        return cls(_labels(tables, "sectors", path), _labels(tables, "entities", path))


def _find(labels: tuple[Label, ...], id: str, kind: str) -> Label:
    for label in labels:
        if label.id == id:
            return label
    raise KeyError(f"no {kind} {id!r}; known: {', '.join(label.id for label in labels)}")


def _labels(tables: dict[str, Any], key: str, path: Path) -> tuple[Label, ...]:
    rows = tables.get(key)
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path}: expected at least one [[{key}]] table")
    labels = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("id"), str) or not row["id"]:
            raise ValueError(f'{path}: [[{key}]] number {number} has no id; write id = "name"')
        id = row["id"]
        codes = {scheme: tuple(map(str, row.get(scheme, ()))) for scheme in SCHEMES}
        labels.append(Label(id, row.get("ar", id), row.get("en", id), row.get("definition", ""), codes))
    ids = [label.id for label in labels]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{path}: the ids of [[{key}]] repeat: {sorted({i for i in ids if ids.count(i) > 1})}")
    return tuple(labels)


@cache
def default_taxonomy() -> Taxonomy:
    """The 25 sectors and 12 entity kinds that the shipped model knows."""
    return Taxonomy.from_toml(Path(__file__).with_name("taxonomy.toml"))
