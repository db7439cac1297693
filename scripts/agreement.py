"""How well two readings of the same articles agree.

    python scripts/agreement.py FIRST SECOND

Both are labelled files or folders with articles of the same ids, texts and sentences. Prints sectors (micro F1, Cohen's kappa,
sentences with all sectors right), entities (exact F1), and where the two part most.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.metrics import multilabel_score, rows_right, set_score
from bilateral_nlp.taxonomy import default_taxonomy


def paired(first: Path, second: Path) -> list[tuple[LabelledArticle, LabelledArticle]]:
    """Articles of the first that the second has too; ValueError where they differ in text or sentences."""
    others = {a.id: a for a in corpus.read(second)}
    pairs = [(a, others[a.id]) for a in corpus.read(first) if a.id in others]
    for a, b in pairs:
        if a.text != b.text or [(s.start, s.end) for s in a.sentences] != [(s.start, s.end) for s in b.sentences]:
            raise ValueError(f"{a.id}: the two readings differ in text or sentences; compare labels of the same text")
    if not pairs:
        raise ValueError(f"{first} and {second} have no article in common")
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args()
    try:
        pairs = paired(options.first, options.second)
    except ValueError as error:
        sys.exit(f"agreement: {error}")
    labels = default_taxonomy().sector_ids
    first, second = (
        np.array([[k in s.sectors for k in labels] for pair in pairs for s in pair[i].sentences]) for i in (0, 1)
    )
    want, got = ([{(e.start, e.end, e.label) for e in pair[i].entities} for pair in pairs] for i in (0, 1))
    entities = set_score(want, got)
    print(f"{len(pairs)} articles, {len(first)} sentences, {entities.tp + entities.fn} entities in the first reading")
    print(
        f"sectors micro F1 {multilabel_score(first, second).f1:.3f}, kappa {cohen_kappa_score(first.ravel(), second.ravel()):.3f}, "
        f"sentences with all sectors right {rows_right(first, second):.3f}; entities exact F1 {entities.f1:.3f}"
    )
    only_first, only_second = (first & ~second).sum(0), (second & ~first).sum(0)
    order = np.argsort(-(only_first + only_second))[:8]
    print("sectors (only first, only second):", {labels[k]: (int(only_first[k]), int(only_second[k])) for k in order})
    apart = Counter(m[2] for w, g in zip(want, got, strict=True) for m in w ^ g)
    print("entity spans in one reading only:", dict(apart.most_common(8)))


if __name__ == "__main__":
    main()
