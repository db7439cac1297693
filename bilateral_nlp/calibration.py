"""Platt scaling and thresholds per sector, fitted on held-out articles.

Rare sectors have few positives there, so both shrink towards what all sectors share: the scale is fitted on all
sectors together and each sector's own offset is kept near it by regularisation; a threshold moves away from the
shared one only as far as its positives carry it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bilateral_nlp.decoding import sigmoid

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

#: Positives a sector needs before its own best threshold outweighs the shared one.
PRIOR_POSITIVES = 20.0
#: Inverse strength of the pull on a sector's own offset.
_OFFSET_C = 1.0
_GRID = np.arange(0.10, 0.91, 0.01)


def fit_platt(logits: Floats, gold: Bools) -> list[tuple[float, float]]:
    """(scale, offset) per sector for (N, L) logits (Platt, 1999); no change where all labels are the same."""
    count, labels = logits.shape
    if gold.all() or not gold.any():
        return [(1.0, 0.0)] * labels
    indicator = np.tile(np.eye(labels, dtype=np.float32), (count, 1))
    features = np.concatenate([logits.reshape(-1, 1), indicator], axis=1)
    fitted = LogisticRegression(C=_OFFSET_C, max_iter=500).fit(features, gold.reshape(-1))
    scale, offsets = float(fitted.coef_[0, 0]), fitted.coef_[0, 1:] + fitted.intercept_[0]
    return [(scale, float(offset)) for offset in offsets]


def fit_thresholds(logits: Floats, gold: Bools, platt: list[tuple[float, float]]) -> list[float]:
    """Per sector, on the Platt-scaled probability: the best F1, shrunk towards the best shared threshold."""
    scaled = np.array(platt, dtype=np.float32)
    p = sigmoid(logits * scaled[:, 0] + scaled[:, 1])
    shared = _best(p, gold)
    thresholds = []
    for k in range(p.shape[1]):
        own = _best(p[:, [k]], gold[:, [k]])
        trust = gold[:, k].sum() / (gold[:, k].sum() + PRIOR_POSITIVES)
        thresholds.append(round(float(trust * own + (1 - trust) * shared), 3))
    return thresholds


def _best(p: Floats, gold: Bools) -> float:
    """The middle of the plateau of thresholds with the highest F1."""
    scores = np.array([_f1(p >= t, gold) for t in _GRID])
    return float(np.median(_GRID[scores >= scores.max() - 1e-9])) if gold.any() else 0.5


def _f1(predicted: Bools, gold: Bools) -> float:
    hit = (predicted & gold).sum()
    return float(2 * hit / max(1, predicted.sum() + gold.sum()))
