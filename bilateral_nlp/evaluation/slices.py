"""The figures on parts of the articles: where is the model better, where worse?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bilateral_nlp.corpus import LabelledArticle, LabelledSentence
from bilateral_nlp.evaluation.judging import Judged
from bilateral_nlp.metrics import multilabel_score, rows_right, set_score


@dataclass(frozen=True)
class SliceRow:
    """Figures on the sentences of one part: of ``by`` (genre, dirt …), those where it is ``part``."""

    by: str
    part: str
    articles: int
    sentences: int
    sectors_f1: float
    sentences_right: float
    entities_f1: float


def country_names(articles: Sequence[LabelledArticle]) -> frozenset[str]:
    """The strings that name a country there."""
    return frozenset(a.text[e.start : e.end] for a in articles for e in a.entities if e.label == "COUNTRY")


def slices(judged: Sequence[Judged], seen_countries: Collection[str] | None = None) -> list[SliceRow]:
    """By what the files say of their articles (genre, style, dirt), length of the sentence, number of its sectors, and
    whether the article names a country that is not among ``seen_countries`` (left out without them)."""
    keys: dict[str, Callable[[Judged, LabelledSentence], str | None]] = {
        **{name: _meta(name) for name in ("genre", "style")},
        "dirt": lambda j, _: ("none" if d == "none" else "some") if (d := j.article.meta.get("dirt")) else None,
        "words in the sentence": lambda j, s: _length(len(j.article.text[s.start : s.end].split())),
        "sectors of the sentence": lambda _, s: str(n) if (n := len(s.sectors)) < 4 else "4 and more",
    }
    if seen_countries is not None:
        keys["countries of the article"] = lambda j, _: _countries(j, seen_countries)
    rows: list[SliceRow] = []
    for by, key in keys.items():
        parts: dict[str, list[tuple[Judged, int]]] = defaultdict(list)
        for item in judged:
            for index, sentence in enumerate(item.article.sentences):
                part = key(item, sentence)
                if part is not None:
                    parts[part].append((item, index))
        rows += [_row(by, part, parts[part]) for part in sorted(parts)]
    return rows


def _row(by: str, part: str, members: Sequence[tuple[Judged, int]]) -> SliceRow:
    gold = np.array([j.gold[i] for j, i in members])
    chosen = np.array([j.chosen[i] for j, i in members])
    spans = list(_spans(members))
    return SliceRow(
        by,
        part,
        len({j.article.id for j, _ in members}),
        len(members),
        multilabel_score(gold, chosen).f1,
        rows_right(gold, chosen),
        set_score([w for w, _ in spans], [g for _, g in spans]).f1,
    )


def _spans(members: Sequence[tuple[Judged, int]]) -> Iterator[tuple[set[object], set[object]]]:
    for item, index in members:
        sentence = item.article.sentences[index]
        yield (
            {m for m in item.want if sentence.start <= m[0] < sentence.end},
            {m for m in item.got if sentence.start <= m[0] < sentence.end},
        )


def _meta(name: str) -> Callable[[Judged, LabelledSentence], str | None]:
    return lambda judged, _: judged.article.meta.get(name)


def _length(words: int) -> str:
    for low, high in ((1, 10), (11, 25), (26, 45)):
        if words <= high:
            return f"{low:02d}-{high}"
    return "46 and more"


def _countries(judged: Judged, seen: Collection[str]) -> str | None:
    names = country_names([judged.article])
    if not names:
        return None
    return "all seen in training" if names <= set(seen) else "one unseen at least"
