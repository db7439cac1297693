"""All figures of one classifier on one set of articles, in one frozen object."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bilateral_nlp.classifier import Classifier
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.evaluation import curves
from bilateral_nlp.evaluation.headline import counts, headline
from bilateral_nlp.evaluation.judging import Bools, Judged, judge
from bilateral_nlp.evaluation.resampling import intervals
from bilateral_nlp.evaluation.slices import SliceRow, slices
from bilateral_nlp.evaluation.spans import count_kinds
from bilateral_nlp.evaluation.worst import WorstSentence, worst
from bilateral_nlp.metrics import Score, calibration_error, macro_f1, multilabel_score, rows_right, set_score


@dataclass(frozen=True)
class Report:
    """Figures of one classifier on one set of articles.

    ``sentences``: exact spans. ``sectors``: micro over (sentence, sector), where a predicted sentence gives its sectors to
    the labelled sentence it overlaps most; ``sectors_macro``, the mean F1 of the sectors that occur; ``sentences_right``, the
    share of sentences with exactly the right sectors; ``no_sector``, how well "no sector" is told. ``entities``: exact span
    and label; ``entities_relaxed``: F1 when any overlap with the same label counts. ``calibration_error``,
    ``average_precision`` (micro), ``reliability``, ``precision_recall`` and ``thresholds`` are over the (sentence, sector)
    probabilities of the sentences that were split right. ``intervals``: 95 %, by resampling articles.
    """

    articles: int
    sentences: Score
    coverage: float
    sectors: Score
    sectors_macro: float
    sentences_right: float
    no_sector: Score
    average_precision: float
    calibration_error: float
    entities: Score
    entities_relaxed: float
    intervals: dict[str, tuple[float, float]]
    by_sector: dict[str, Score]
    by_entity: dict[str, Score]
    entity_errors: dict[str, dict[str, int]]
    thresholds: tuple[curves.ThresholdRow, ...]
    reliability: tuple[curves.ReliabilityBin, ...]
    precision_recall: tuple[tuple[float, float], ...]
    slices: tuple[SliceRow, ...]
    worst: tuple[WorstSentence, ...]

    def summary(self) -> dict[str, Any]:
        """Rounded figures without curves, slices and texts, as a model folder's ``figures.json`` keeps them."""
        return {
            "articles": self.articles,
            "sentences": {**_ratios(self.sentences), "coverage": round(self.coverage, 5)},
            "sectors": {
                **_ratios(self.sectors),
                "macro_f1": round(self.sectors_macro, 4),
                "sentences_right": round(self.sentences_right, 4),
                "average_precision": round(self.average_precision, 4),
                "calibration_error": round(self.calibration_error, 4),
            },
            "no_sector": _ratios(self.no_sector),
            "entities": {**_ratios(self.entities), "relaxed_f1": round(self.entities_relaxed, 4)},
            "intervals": {k: [round(low, 4), round(high, 4)] for k, (low, high) in self.intervals.items()},
            "by_sector": {k: _ratios(v) for k, v in self.by_sector.items()},
            "by_entity": {k: _ratios(v) for k, v in self.by_entity.items()},
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            **self.summary(),
            "entity_errors": self.entity_errors,
            "thresholds": [_rounded(asdict(row)) for row in self.thresholds],
            "reliability": [_rounded(asdict(row)) for row in self.reliability],
            "precision_recall": [list(point) for point in self.precision_recall],
            "slices": [_rounded(asdict(row)) for row in self.slices],
            "worst": [asdict(row) for row in self.worst],
        }


def evaluate(
    classifier: Classifier, articles: Sequence[LabelledArticle], seen_countries: Collection[str] | None = None
) -> Report:
    """Classify the articles' texts and compare; ValueError if there are none.

    ``seen_countries``: strings that name countries in the training articles (`slices.country_names`), for the slice of
    articles that name others.
    """
    return report_on(judge(classifier, articles), classifier, seen_countries)


def report_on(judged: Sequence[Judged], classifier: Classifier, seen: Collection[str] | None = None) -> Report:
    """The report on articles that were judged before."""
    labels, kinds = classifier.settings.sectors, classifier.settings.entity_labels
    gold = np.concatenate([j.gold for j in judged])
    chosen = np.concatenate([j.chosen for j in judged])
    read_gold, scores = curves.scored(judged)
    figures = headline(counts(judged).sum(0))
    return Report(
        articles=len(judged),
        sentences=set_score(
            [{(s.start, s.end) for s in j.article.sentences} for j in judged],
            [{(s.start, s.end) for s in j.predicted.sentences} for j in judged],
        ),
        coverage=float(np.mean([j.predicted.coverage for j in judged])),
        sectors=multilabel_score(gold, chosen),
        sectors_macro=macro_f1(gold, chosen),
        sentences_right=rows_right(gold, chosen),
        no_sector=multilabel_score(_empty(gold), _empty(chosen)),
        average_precision=curves.average_precision(read_gold, scores),
        calibration_error=calibration_error(read_gold, scores),
        entities=set_score([j.want for j in judged], [j.got for j in judged]),
        entities_relaxed=float(figures["entities_relaxed_f1"]),
        intervals=intervals(judged),
        by_sector={
            k: score
            for i, k in enumerate(labels)
            if any(vars(score := multilabel_score(gold[:, [i]], chosen[:, [i]])).values())
        },
        by_entity={
            k: set_score(
                [{m for m in j.want if m[2] == k} for j in judged], [{m for m in j.got if m[2] == k} for j in judged]
            )
            for k in kinds
        },
        entity_errors=count_kinds(judged),
        thresholds=tuple(curves.thresholds(read_gold, scores, labels, classifier.settings.thresholds)),
        reliability=tuple(curves.reliability(read_gold, scores)),
        precision_recall=tuple(curves.precision_recall(read_gold, scores)),
        slices=tuple(slices(judged, seen)),
        worst=tuple(worst(judged, labels)),
    )


def _empty(rows: Bools) -> Bools:
    """(S, 1) whether a sentence has no sector."""
    empty: Bools = (rows.sum(1) == 0)[:, None]
    return empty


def _ratios(score: Score) -> dict[str, float]:
    return {
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "f1": round(score.f1, 4),
        "support": score.tp + score.fn,
    }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
