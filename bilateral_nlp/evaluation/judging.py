"""Labelled articles beside a classifier's answers to their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bilateral_nlp.classifier import Classifier
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.results import Article

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
#: ``(start, end, label)`` of an entity.
Mark = tuple[int, int, str]


@dataclass(frozen=True, eq=False)
class Judged:
    """One article: ``gold`` (S, L) its labelled sectors and ``chosen`` (S, L) the predicted ones, a row per labelled
    sentence and a column per sector; a predicted sentence gives its sectors to the labelled sentence it overlaps most.
    ``scores`` (S, L) are probabilities, NaN in the rows of sentences that were split otherwise. ``want`` and ``got`` are
    the labelled and the predicted entities."""

    article: LabelledArticle
    predicted: Article
    gold: Bools
    chosen: Bools
    scores: Floats
    want: frozenset[Mark]
    got: frozenset[Mark]


def judge(classifier: Classifier, articles: Sequence[LabelledArticle]) -> list[Judged]:
    """Classify the articles' texts; ValueError if there are none, or if a label is not the model's."""
    if not articles:
        raise ValueError("got no labelled articles; expected at least one, e.g. corpus.read('data/corpus')")
    sectors, kinds = classifier.settings.sectors, classifier.settings.entity_labels
    used = {x for a in articles for s in a.sentences for x in s.sectors} | {
        e.label for a in articles for e in a.entities
    }
    if unknown := sorted(used - {*sectors, *kinds}):
        raise ValueError(f"the articles use labels {unknown} that the model does not have; it has {[*sectors, *kinds]}")
    return [_judge(a, classifier.classify(a.text, all_scores=True), sectors) for a in articles]


def _judge(article: LabelledArticle, predicted: Article, sectors: Sequence[str]) -> Judged:
    gold = np.array([[k in s.sectors for k in sectors] for s in article.sentences], dtype=bool)
    chosen = np.zeros((len(article.sentences), len(sectors)), dtype=bool)
    scores = np.full(chosen.shape, np.nan)
    starts = np.array([s.start for s in article.sentences])
    ends = np.array([s.end for s in article.sentences])
    for sentence in predicted.sentences:
        overlaps = np.minimum(sentence.end, ends) - np.maximum(sentence.start, starts)
        best = int(np.argmax(overlaps)) if len(overlaps) else -1
        if best < 0 or overlaps[best] <= 0:
            continue
        for sector in sentence.sectors:
            chosen[best, sectors.index(sector.label)] = True
        if (sentence.start, sentence.end) == (starts[best], ends[best]) and sentence.scores is not None:
            scores[best] = [sentence.scores[k] for k in sectors]
    return Judged(
        article,
        predicted,
        gold.reshape(-1, len(sectors)),
        chosen,
        scores,
        frozenset((e.start, e.end, e.label) for e in article.entities),
        frozenset((e.start, e.end, e.label) for e in predicted.entities),
    )
