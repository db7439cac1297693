"""How well a classifier reads labelled articles, end to end: its own sentences, its own spans.

from bilateral_nlp import Classifier, corpus
from bilateral_nlp.evaluation import evaluate
print(evaluate(Classifier.from_pretrained(), corpus.read("data/corpus")).to_dict())
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bilateral_nlp.classifier import Classifier
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.metrics import Score, calibration_error, macro_f1, multilabel_score, rows_right, set_score
from bilateral_nlp.results import Article

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Report:
    """Figures of one classifier on one set of articles.

    ``sentences``: exact spans. ``sectors``: micro over (sentence, sector), where a predicted sentence gives its sectors to
    the labelled sentence it overlaps most; ``sectors_macro``, the mean F1 of the sectors that occur; ``sentences_right``, the
    share of sentences with exactly the right sectors; ``no_sector``, how well "no sector" is told. ``entities``: exact span
    and label; ``entities_relaxed``: F1 when any overlap with the same label counts. ``calibration_error`` is over all
    (sentence, sector) probabilities of the sentences that were split right.
    """

    articles: int
    sentences: Score
    coverage: float
    sectors: Score
    sectors_macro: float
    sentences_right: float
    no_sector: Score
    calibration_error: float
    entities: Score
    entities_relaxed: float
    by_sector: dict[str, Score]
    by_entity: dict[str, Score]

    def to_dict(self) -> dict[str, Any]:
        """Rounded figures for JSON."""
        return {
            "articles": self.articles,
            "sentences": {**_ratios(self.sentences), "coverage": round(self.coverage, 5)},
            "sectors": {
                **_ratios(self.sectors),
                "macro_f1": round(self.sectors_macro, 4),
                "sentences_right": round(self.sentences_right, 4),
                "calibration_error": round(self.calibration_error, 4),
            },
            "no_sector": _ratios(self.no_sector),
            "entities": {**_ratios(self.entities), "relaxed_f1": round(self.entities_relaxed, 4)},
            "by_sector": {k: _ratios(v) for k, v in self.by_sector.items()},
            "by_entity": {k: _ratios(v) for k, v in self.by_entity.items()},
        }


def evaluate(classifier: Classifier, articles: Sequence[LabelledArticle]) -> Report:
    """Classify the articles' texts and compare; ValueError if there are none."""
    if not articles:
        raise ValueError(
            "evaluate() got no articles; expected at least one labelled article, e.g. corpus.read('data/corpus')"
        )
    labels = classifier.settings.sectors
    predictions = [classifier.classify(article.text, all_scores=True) for article in articles]
    gold = np.array([[k in s.sectors for k in labels] for a in articles for s in a.sentences], dtype=bool)
    chosen = np.concatenate([_assigned(a, p, labels) for a, p in zip(articles, predictions, strict=True)])
    aligned_gold, aligned_scores = _aligned_scores(articles, predictions, labels)
    want = [{(e.start, e.end, e.label) for e in a.entities} for a in articles]
    got = [{(e.start, e.end, e.label) for e in p.entities} for p in predictions]
    kinds = classifier.settings.entity_labels
    return Report(
        articles=len(articles),
        sentences=set_score(
            [{(s.start, s.end) for s in a.sentences} for a in articles],
            [{(s.start, s.end) for s in p.sentences} for p in predictions],
        ),
        coverage=float(np.mean([p.coverage for p in predictions])),
        sectors=multilabel_score(gold, chosen),
        sectors_macro=macro_f1(gold, chosen),
        sentences_right=rows_right(gold, chosen),
        no_sector=multilabel_score(_empty(gold), _empty(chosen)),
        calibration_error=calibration_error(aligned_gold, aligned_scores),
        entities=set_score(want, got),
        entities_relaxed=_relaxed_f1(want, got),
        by_sector={
            k: score
            for i, k in enumerate(labels)
            if any(vars(score := multilabel_score(gold[:, i : i + 1], chosen[:, i : i + 1])).values())
        },
        by_entity={
            k: set_score([{e for e in w if e[2] == k} for w in want], [{e for e in g if e[2] == k} for g in got])
            for k in kinds
        },
    )


def _empty(rows: Bools) -> Bools:
    """(S, 1) whether a sentence has no sector."""
    empty: Bools = (rows.sum(1) == 0)[:, None]
    return empty


def _assigned(article: LabelledArticle, predicted: Article, labels: Sequence[str]) -> Bools:
    """(S, L) the sectors that predicted sentences bring to the labelled ones they overlap most."""
    rows = np.zeros((len(article.sentences), len(labels)), dtype=bool)
    for sentence in predicted.sentences:
        overlaps = [min(sentence.end, s.end) - max(sentence.start, s.start) for s in article.sentences]
        best = int(np.argmax(overlaps))
        if overlaps[best] > 0:
            for sector in sentence.sectors:
                rows[best, labels.index(sector.label)] = True
    return rows


def _aligned_scores(
    articles: Sequence[LabelledArticle], predictions: Sequence[Article], labels: Sequence[str]
) -> tuple[Bools, NDArray[np.float64]]:
    gold, scores = [], []
    for article, predicted in zip(articles, predictions, strict=True):
        by_span = {(s.start, s.end): s.scores for s in predicted.sentences}
        for sentence in article.sentences:
            found = by_span.get((sentence.start, sentence.end))
            if found is not None:
                gold.append([k in sentence.sectors for k in labels])
                scores.append([found[k] for k in labels])
    return np.array(gold, dtype=bool).reshape(-1, len(labels)), np.array(scores, dtype=np.float64).reshape(
        -1, len(labels)
    )


def _relaxed_f1(want: Sequence[set[tuple[int, int, str]]], got: Sequence[set[tuple[int, int, str]]]) -> float:
    def touched(spans: set[tuple[int, int, str]], others: set[tuple[int, int, str]]) -> int:
        return sum(any(o[2] == e[2] and o[0] < e[1] and e[0] < o[1] for o in others) for e in spans)

    recall = sum(touched(w, g) for w, g in zip(want, got, strict=True)) / max(1, sum(map(len, want)))
    precision = sum(touched(g, w) for w, g in zip(want, got, strict=True)) / max(1, sum(map(len, got)))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _ratios(score: Score) -> dict[str, float]:
    return {
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "f1": round(score.f1, 4),
        "support": score.tp + score.fn,
    }
