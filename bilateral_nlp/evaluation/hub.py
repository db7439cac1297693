"""`evaluate.Metric` wrappers of the metrics, made directly and without the Hub:

    from bilateral_nlp.evaluation.hub import EntityF1, SectorF1
    SectorF1().compute(predictions=[["energy"]], references=[["energy", "water"]])

Importing this module imports the `evaluate` package, which takes some seconds.
"""

from __future__ import annotations

from typing import Any

import datasets
import evaluate
import numpy as np

from bilateral_nlp.metrics import Score, macro_f1, multilabel_score, rows_right, set_score
from bilateral_nlp.taxonomy import default_taxonomy


class SectorF1(evaluate.Metric):
    """Sectors of sentences: lists of ids, one list a sentence. Gives precision, recall, f1, macro_f1, sentences_right.

    An id that neither the taxonomy nor the references have is counted as a wrong prediction.
    """

    def _info(self) -> evaluate.MetricInfo:
        labels = datasets.List(datasets.Value("string"))
        return _info("Multi-label sectors of sentences.", self.__doc__, labels)

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        known = {label for row in (*predictions, *references) for label in row} | set(default_taxonomy().sector_ids)
        order = sorted(known)
        gold, chosen = (
            np.array([[k in row for k in order] for row in rows], dtype=bool) for rows in (references, predictions)
        )
        scores = _ratios(multilabel_score(gold, chosen))
        return {**scores, "macro_f1": macro_f1(gold, chosen), "sentences_right": rows_right(gold, chosen)}


class EntityF1(evaluate.Metric):
    """Entities of articles: lists of ``{"start", "end", "label"}``, one list an article. Exact span and label."""

    def _info(self) -> evaluate.MetricInfo:
        span = {"start": datasets.Value("int64"), "end": datasets.Value("int64"), "label": datasets.Value("string")}
        return _info("Exact entity spans of articles.", self.__doc__, datasets.List(span))

    def _compute(
        self, predictions: list[list[dict[str, Any]]], references: list[list[dict[str, Any]]]
    ) -> dict[str, float]:
        want, got = (
            [{(e["start"], e["end"], e["label"]) for e in row} for row in rows] for rows in (references, predictions)
        )
        return _ratios(set_score(want, got))


def _info(description: str, inputs: str | None, feature: Any) -> evaluate.MetricInfo:
    return evaluate.MetricInfo(
        description=description,
        citation="",
        inputs_description=inputs or "",
        features=datasets.Features({"predictions": feature, "references": feature}),
    )


def _ratios(score: Score) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1}
