from __future__ import annotations

from pathlib import Path

import pytest

from bilateral_nlp.taxonomy import SCHEMES, Taxonomy, default_taxonomy


def test_the_default_labels_are_complete() -> None:
    taxonomy = default_taxonomy()
    assert len(taxonomy.sectors) == 25
    assert len(taxonomy.entities) == 12
    for label in (*taxonomy.sectors, *taxonomy.entities):
        assert label.ar
        assert label.en
        assert label.definition
    for sector in taxonomy.sectors:
        assert set(sector.codes) == set(SCHEMES)
    assert taxonomy.sector("energy").codes["dac"] == ("230", "233", "236")


def test_unknown_ids_are_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="renewable_energy"):
        default_taxonomy().sector("fishing")
    with pytest.raises(KeyError, match="QUANTITY"):
        default_taxonomy().entity("VESSEL")


def test_users_bring_their_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[sectors]]\nid = "fishing"\nar = "الصيد"\n[[entities]]\nid = "SHIP"\n', encoding="utf-8")
    taxonomy = Taxonomy.from_toml(path)
    assert taxonomy.sector_ids == ("fishing",)
    assert taxonomy.entity("SHIP").ar == "SHIP"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[[sectors]", "not a TOML file"),
        ('[[entities]]\nid = "A"\n', r"\[\[sectors\]\]"),
        ('[[sectors]]\nar = "x"\n[[entities]]\nid = "A"\n', "number 1 has no id"),
        ('[[sectors]]\nid = "a"\n[[sectors]]\nid = "a"\n[[entities]]\nid = "A"\n', "repeat"),
    ],
)
def test_faults_name_the_file(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=fault) as error:
        Taxonomy.from_toml(path)
    assert str(path) in str(error.value)
