"""What the probabilities are worth: average precision, reliability, and what other thresholds would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from bilateral_nlp.evaluation.judging import Bools, Floats, Judged
from bilateral_nlp.metrics import multilabel_score

#: Points of a precision-recall curve that are kept.
CURVE_POINTS = 60


def scored(judged: Sequence[Judged]) -> tuple[Bools, Floats]:
    """(N, L) labels and probabilities of the sentences that were split right."""
    gold = np.concatenate([j.gold for j in judged])
    scores = np.concatenate([j.scores for j in judged])
    read = ~np.isnan(scores).any(1)
    return gold[read], scores[read]


@dataclass(frozen=True)
class ThresholdRow:
    """One sector: the model's threshold and what it gives here, the threshold that would be best here, and AP."""

    sector: str
    support: int
    threshold: float
    precision: float
    recall: float
    f1: float
    best_threshold: float
    best_f1: float
    average_precision: float


def thresholds(gold: Bools, scores: Floats, sectors: Sequence[str], own: Sequence[float]) -> list[ThresholdRow]:
    """A row per sector that occurs; ``best_threshold`` is fitted on these very articles, so it flatters."""
    grid = np.arange(0.05, 0.96, 0.01)
    rows = []
    for k, sector in enumerate(sectors):
        if not gold[:, k].any():
            continue
        here = multilabel_score(gold[:, [k]], scores[:, [k]] >= own[k])
        tried = [multilabel_score(gold[:, [k]], scores[:, [k]] >= t).f1 for t in grid]
        best = int(np.argmax(tried))
        ap = float(average_precision_score(gold[:, k], scores[:, k]))
        rows.append(
            ThresholdRow(
                *(sector, int(gold[:, k].sum()), float(own[k]), here.precision, here.recall, here.f1),
                *(float(grid[best]), tried[best], ap),
            )
        )
    return rows


def average_precision(gold: Bools, scores: Floats) -> float:
    """Micro-averaged over all (sentence, sector) pairs; 0 where there is no positive."""
    return float(average_precision_score(gold.ravel(), scores.ravel())) if gold.any() else 0.0


@dataclass(frozen=True)
class ReliabilityBin:
    """Decisions whose probability lies in ``[low, high)``: how many, their mean probability, the share that holds."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def reliability(gold: Bools, scores: Floats, bins: int = 10) -> list[ReliabilityBin]:
    """Bins of equal width that hold something (DeGroot and Fienberg, 1983)."""
    p, y = scores.ravel(), gold.ravel()
    bucket = np.minimum((p * bins).astype(np.int64), bins - 1)
    return [
        ReliabilityBin(b / bins, (b + 1) / bins, int(here.sum()), float(p[here].mean()), float(y[here].mean()))
        for b in range(bins)
        if (here := bucket == b).any()
    ]


def precision_recall(gold: Bools, scores: Floats) -> list[tuple[float, float]]:
    """(recall, precision) points of the micro-averaged curve, thinned to at most ``CURVE_POINTS``."""
    if not gold.any():
        return []
    precision, recall, _ = precision_recall_curve(gold.ravel(), scores.ravel())
    keep = np.unique(np.linspace(0, len(recall) - 1, CURVE_POINTS).astype(int))
    return [(round(float(recall[i]), 4), round(float(precision[i]), 4)) for i in keep]
