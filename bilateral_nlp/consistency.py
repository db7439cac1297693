"""Doubtful labels in a labelled corpus: places to look at, not verdicts.

    python -m bilateral_nlp.consistency FILE_OR_FOLDER …

Looks at span boundaries (a span that starts or ends inside a word, a proclitic left in, quotes around a
name), at mentions without a label of what is labelled elsewhere, and at strings that carry two labels.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle, LabelledSpan

_WORD = re.compile(r"[^\W_]")
_PROCLITICS = {"و", "ف", "ب", "ل", "ك", "وب", "ول", "وك", "فب", "فل", "فك"}
_EDGE = "،؛:.!؟?()[]«»\"'“”‘’…-–—"
_PAIRS = {"(": ")", "«": "»", '"': '"', "“": "”", "'": "'", "[": "]"}
#: Labels whose strings nearly always mean the same thing wherever they stand in an article.
_STEADY = {"PER", "COUNTRY", "LOC", "ORG", "NAT", "AGREEMENT", "EVENT", "PROJECT", "MONEY", "QUANTITY"}
_DATE_OUT = (
    "في ",
    "خلال ",
    "منذ ",
    "يوم الأحد",
    "يوم الاثنين",
    "يوم الثلاثاء",
    "يوم الأربعاء",
    "يوم الخميس",
    "الأحد",
    "الاثنين",
    "الإثنين",
    "الثلاثاء",
    "الأربعاء",
    "الخميس",
    "الجمعة",
    "السبت",
)


def doubts(article: LabelledArticle, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Doubtful places as ``(offset, message)``. ``known`` maps steady strings of the corpus to their label."""
    for span in article.entities:
        for message in _boundary_doubts(article.text, span, known):
            yield span.start, message
    taken = sorted((e.start, e.end) for e in article.entities)
    here = {article.text[e.start : e.end]: e.label for e in article.entities if e.label in _STEADY}
    for surface, label in {**known, **here}.items():
        for start in _mentions(article.text, surface):
            if not any(a < start + len(surface) and start < b for a, b in taken):
                yield start, f"{surface!r} is {label} elsewhere and has no label here"


def _boundary_doubts(text: str, span: LabelledSpan, known: dict[str, str]) -> Iterator[str]:
    surface = text[span.start : span.end]
    named = f"[{surface}]({span.label})"
    word_start = span.start
    while word_start and _WORD.match(text[word_start - 1]):
        word_start -= 1
    front = text[word_start : span.start]
    if front and front not in _PROCLITICS:
        yield f"{named} starts inside a word, after {front!r}, which is no proclitic"
    if span.end < len(text) and _WORD.match(text[span.end]) and _WORD.match(surface[-1]):
        yield f"{named} ends inside a word, before {text[span.end : span.end + 5]!r}"
    first, last = surface[0], surface[-1]
    if len(surface) > 2 and _PAIRS.get(first) == last and first not in surface[1:-1] and last not in surface[1:-1]:
        yield f"{named} has its quotes or brackets inside"
    elif _unpaired(first, surface[1:], _PAIRS) or _unpaired(last, surface[:-1], {v: k for k, v in _PAIRS.items()}):
        yield f"{named} begins or ends with punctuation"
    if surface[0] in "وفبلك" and known.get(surface[1:]) in {"COUNTRY", "LOC", "NAT", "PER", "ORG"} and not front:
        yield f"{named}: does the proclitic {surface[0]!r} belong to the name? {surface[1:]!r} is labelled elsewhere"
    if span.label == "DATE" and surface.startswith(_DATE_OUT):
        yield f"{named}: prepositions and weekdays stay outside a date"


def _unpaired(edge: str, rest: str, pairs: dict[str, str]) -> bool:
    return edge in _EDGE and (edge not in pairs or pairs[edge] not in rest)


def _mentions(text: str, surface: str) -> Iterator[int]:
    position = text.find(surface)
    while position >= 0:
        end = position + len(surface)
        word_start = position
        while word_start and _WORD.match(text[word_start - 1]):
            word_start -= 1
        whole = end >= len(text) or not _WORD.match(text[end])
        if whole and text[word_start:position] in _PROCLITICS | {""}:
            yield position
        position = text.find(surface, position + 1)


def known_strings(articles: Sequence[LabelledArticle]) -> tuple[dict[str, str], dict[str, Counter[str]]]:
    """Countries and nationalities that carry one label throughout, and all strings that carry several."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        for span in article.entities:
            labels[article.text[span.start : span.end]][span.label] += 1
    steady = {
        s: next(iter(c)) for s, c in labels.items() if len(c) == 1 and set(c) <= {"COUNTRY", "NAT"} and len(s) > 3
    }
    return steady, {s: c for s, c in labels.items() if len(c) > 1}


def main(paths: Sequence[str]) -> int:
    """Print faults and doubts; exit status 1 for faults, 0 otherwise."""
    articles: list[LabelledArticle] = []
    try:
        for path in paths:
            articles += corpus.read(Path(path))
    except corpus.CorpusError as error:
        print(error)
        print(f"{len(error.faults)} faults")
        return 1
    known, mixed = known_strings(articles)
    count = 0
    for article in articles:
        for offset, message in sorted(doubts(article, known)):
            count += 1
            print(f"{article.id}: …{article.text[max(0, offset - 15) : offset + 25]!r}… {message}")
    for surface, labels in sorted(mixed.items()):
        print(f"two labels: {surface!r} {dict(labels)}")
    sentences = [s for a in articles for s in a.sentences]
    print(
        f"{len(articles)} articles, {len(sentences)} sentences, {sum(not s.sectors for s in sentences)} with no sector, "
        f"{sum(len(a.entities) for a in articles)} entities; {count} doubts, {len(mixed)} strings with two labels"
    )
    print("sectors:", dict(Counter(x for s in sentences for x in s.sectors).most_common()))
    print("labels:", dict(Counter(e.label for a in articles for e in a.entities).most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
