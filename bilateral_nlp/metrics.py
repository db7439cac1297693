"""Scores of predictions against labelled articles, as plain functions.

Definitions as in the annotation guidelines: sectors and sentences are compared per sentence, entities by exact
span and label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Score:
    """Counts of true positives, false positives and false negatives, with the ratios they make."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0


def set_score(gold: Iterable[Set[Any]], predicted: Iterable[Set[Any]]) -> Score:
    """Micro score over pairs of sets, e.g. the ``(start, end, label)`` of an article's entities."""
    tp = fp = fn = 0
    for want, got in zip(gold, predicted, strict=True):
        tp, fp, fn = tp + len(want & got), fp + len(got - want), fn + len(want - got)
    return Score(tp, fp, fn)


def multilabel_score(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Score:
    """Micro score of (N, L) decisions."""
    return Score(int((gold & predicted).sum()), int((~gold & predicted).sum()), int((gold & ~predicted).sum()))


def macro_f1(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Mean F1 over the labels that occur in ``gold``; (N, L) decisions."""
    scores = [multilabel_score(gold[:, [k]], predicted[:, [k]]).f1 for k in np.flatnonzero(gold.any(0))]
    return float(np.mean(scores)) if scores else 0.0


def rows_right(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Share of rows whose labels are all right."""
    return float((gold == predicted).all(-1).mean()) if len(gold) else 0.0


def calibration_error(gold: NDArray[np.bool_], probabilities: NDArray[np.floating], bins: int = 15) -> float:
    """Expected calibration error over all (row, label) decisions, bins of equal width (Guo et al., 2017)."""
    p, y = probabilities.ravel(), gold.ravel()
    bucket = np.minimum((p * bins).astype(np.int64), bins - 1)
    gaps: Sequence[float] = [
        float((bucket == b).mean() * abs(p[bucket == b].mean() - y[bucket == b].mean())) for b in np.unique(bucket)
    ]
    return float(sum(gaps))
