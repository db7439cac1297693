"""How far figures can be trusted: articles, not sentences, are resampled, since sentences of one article are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bilateral_nlp.evaluation.headline import counts, headline
from bilateral_nlp.evaluation.judging import Floats, Judged

ROUNDS = 2000
_PERCENTILES = (2.5, 97.5)


def intervals(judged: Sequence[Judged], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals of the headline figures (Efron and Tibshirani, 1993, ch. 13)."""
    figures = headline(_weights(len(judged), seed) @ counts(judged))
    return {name: _bounds(values) for name, values in figures.items()}


@dataclass(frozen=True)
class Difference:
    """A figure of two classifiers on the same articles: ``second - first``, its 95 % bootstrap interval, and ``p``, the
    share of random exchanges of the two that differ as much: small where chance hardly makes such a difference."""

    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Rounded figures for JSON."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def compare(first: Sequence[Judged], second: Sequence[Judged], seed: int = 0) -> dict[str, Difference]:
    """Paired comparison per headline figure: bootstrap interval and approximate randomisation test (Yeh, 2000).

    ValueError unless both judged the same articles in the same order.
    """
    if [j.article.id for j in first] != [j.article.id for j in second]:
        raise ValueError("the two classifiers judged different articles; judge() the same list with both")
    a, b = counts(first), counts(second)
    weights = _weights(len(a), seed)
    swaps = np.random.default_rng(seed + 1).integers(0, 2, (ROUNDS, len(a))).astype(np.float64)
    figures = [headline(x) for x in (a.sum(0), b.sum(0), weights @ a, weights @ b)]
    exchanged = headline(swaps @ a + (1 - swaps) @ b), headline(swaps @ b + (1 - swaps) @ a)
    result = {}
    for name in figures[0]:
        x, y, resampled_x, resampled_y = (f[name] for f in figures)
        difference = float(y - x)
        by_chance = np.abs(exchanged[1][name] - exchanged[0][name]) >= abs(difference) - 1e-12
        low, high = _bounds(resampled_y - resampled_x)
        p = float((by_chance.sum() + 1) / (ROUNDS + 1))
        result[name] = Difference(float(x), float(y), difference, low, high, p)
    return result


def _weights(articles: int, seed: int) -> Floats:
    """(ROUNDS, A) how often each article was drawn."""
    random = np.random.default_rng(seed)
    return random.multinomial(articles, np.full(articles, 1 / articles), size=ROUNDS).astype(np.float64)


def _bounds(values: Floats) -> tuple[float, float]:
    low, high = np.percentile(values, _PERCENTILES)
    return float(low), float(high)
