"""The sentences that went most wrong, with their context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bilateral_nlp.evaluation.judging import Judged
from bilateral_nlp.evaluation.spans import SpanError, span_errors

#: Bounds a probability away from 0 and 1, so that one decision costs at most some 5 nats.
_FLOOR = 0.005


@dataclass(frozen=True)
class WorstSentence:
    """A sentence with its neighbours, the sectors it should have and got (with probabilities), and its entity errors."""

    article: str
    index: int
    before: str
    text: str
    after: str
    want: tuple[str, ...]
    got: tuple[str, ...]
    scores: dict[str, float]
    spans: tuple[tuple[str, str, str], ...]
    cost: float


def worst(judged: Sequence[Judged], sectors: Sequence[str], count: int = 50) -> list[WorstSentence]:
    """The costliest sentences first. A wrong sector costs the surprise of the truth, -log p; a wrong span costs 1."""
    rows = []
    for item in judged:
        errors = list(span_errors(item))
        for index, sentence in enumerate(item.article.sentences):
            own = [e for e in errors if sentence.start <= _start(e) < sentence.end]
            cost = _cost(item, index) + len(own)
            if cost:
                rows.append((cost, item, index, own))
    rows.sort(key=lambda row: -row[0])
    return [_describe(*row, sectors) for row in rows[:count]]


def _start(error: SpanError) -> int:
    mark = error.want or error.got
    assert mark is not None
    return mark[0]


def _cost(judged: Judged, index: int) -> float:
    gold, chosen, p = judged.gold[index], judged.chosen[index], judged.scores[index]
    wrong = gold != chosen
    if np.isnan(p).any():
        return float(wrong.sum())
    of_truth = np.clip(np.where(gold, p, 1 - p), _FLOOR, 1)
    return float(-np.log(of_truth[wrong]).sum())


def _describe(
    cost: float, judged: Judged, index: int, errors: Sequence[SpanError], sectors: Sequence[str]
) -> WorstSentence:
    text, sentences = judged.article.text, judged.article.sentences

    def part(i: int) -> str:
        return text[sentences[i].start : sentences[i].end].strip() if 0 <= i < len(sentences) else ""

    def mark(error: SpanError) -> tuple[str, str, str]:
        both = [f"{text[m[0] : m[1]]} {m[2]}" if m else "" for m in (error.want, error.got)]
        return error.kind, both[0], both[1]

    gold, chosen, p = judged.gold[index], judged.chosen[index], judged.scores[index]
    return WorstSentence(
        article=judged.article.id,
        index=index,
        before=part(index - 1),
        text=part(index),
        after=part(index + 1),
        want=tuple(sectors[k] for k in np.flatnonzero(gold).tolist()),
        got=tuple(sectors[k] for k in np.flatnonzero(chosen).tolist()),
        scores={}
        if np.isnan(p).any()
        else {sectors[k]: round(float(p[k]), 3) for k in np.flatnonzero(gold | chosen).tolist()},
        spans=tuple(mark(e) for e in errors),
        cost=round(cost, 3),
    )
