"""The figures in README, model card and data card are the measured ones."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import experiments

from bilateral_nlp.classifier import embedded_folder
from bilateral_nlp.corpus import LabelledArticle

ROOT = Path(__file__).resolve().parent.parent


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_the_shipped_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert _script("write_figures").with_figures(readme) == readme
    assert "sectors micro F1" in readme


def test_the_training_notes_show_every_experiment() -> None:
    page = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    assert experiments.with_table(page) == page


def test_the_data_card_describes_the_corpus(articles: list[LabelledArticle]) -> None:
    described = _script("describe_corpus").describe(articles)
    assert described in (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_the_model_folder_is_publishable() -> None:
    folder = embedded_folder()
    names = {p.name for p in folder.iterdir()}
    assert {
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "model.int8.onnx",
        "README.md",
        "figures.json",
    } == names
    assert sum(p.stat().st_size for p in folder.iterdir()) < 95e6
    assert b'File "' not in (folder / "model.int8.onnx").read_bytes(), "a path of some machine was published"
    card = (folder / "README.md").read_text(encoding="utf-8")
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    for kinds in figures["reports"].values():
        assert f"{kinds['int8']['sectors']['f1']:.3f}" in card
