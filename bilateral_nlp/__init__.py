"""Cooperation sectors and entities in Arabic news.

    from bilateral_nlp import classify
    article = classify(text)

Importing this package loads nothing heavy and touches no network; names load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bilateral_nlp.classifier import Classifier, classify
    from bilateral_nlp.results import Article, Entity, Sector, Sentence, Span
    from bilateral_nlp.settings import ModelFolderError
    from bilateral_nlp.taxonomy import Taxonomy, default_taxonomy

__version__ = "0.1.0"

_HOMES = {
    "Classifier": "classifier",
    "classify": "classifier",
    "Article": "results",
    "Entity": "results",
    "Sector": "results",
    "Sentence": "results",
    "Span": "results",
    "ModelFolderError": "settings",
    "Taxonomy": "taxonomy",
    "default_taxonomy": "taxonomy",
}
__all__ = [
    "Article",
    "Classifier",
    "Entity",
    "ModelFolderError",
    "Sector",
    "Sentence",
    "Span",
    "Taxonomy",
    "classify",
    "default_taxonomy",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"bilateral_nlp.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'bilateral_nlp' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
