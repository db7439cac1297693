"""Does the corpus smell of a template? Near-duplicates, repeated phrases and variety, beside real copy.

    python scripts/corpus_smell.py [--beside REAL.jsonl] [--pairs 10]

- distinct n-grams: the share of n-grams that differ, over equal numbers of words, so that two corpora can be compared;
- self-similarity: the cosine of each sentence (six words and more; tf-idf of its words) with the nearest sentence of another article;
- openings: the share of sentences taken by the 20 commonest pairs of first words;
- repeated phrases: runs of eight words that stand in several articles.

The nearest pairs and the commonest phrases are printed to be read.
"""

import argparse
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from bilateral_nlp import corpus
from bilateral_nlp.corpus import LabelledArticle

ROOT = Path(__file__).resolve().parent.parent
NEAR = 0.8
PHRASE = 8


def sentences(articles: list[LabelledArticle]) -> list[tuple[str, str]]:
    """(article id, sentence) of six words and more, in a fixed random order."""
    rows = [(a.id, " ".join(a.text[s.start : s.end].split())) for a in articles for s in a.sentences]
    rows = [row for row in rows if len(row[1].split()) >= 6]
    random.Random(0).shuffle(rows)
    return rows


def distinct(rows: list[tuple[str, str]], words: int) -> dict[int, float]:
    """Share of different n-grams among the first ``words`` words."""
    taken: list[list[str]] = []
    left = words
    for _, text in rows:
        taken.append(text.split()[:left])
        left -= len(taken[-1])
        if left <= 0:
            break
    shares = {}
    for n in (1, 2, 3, 4):
        grams = [tuple(t[i : i + n]) for t in taken for i in range(len(t) - n + 1)]
        shares[n] = len(set(grams)) / max(1, len(grams))
    return shares


def nearest(rows: list[tuple[str, str]]) -> list[tuple[float, str, str]]:
    """Per sentence the cosine with, and the text of, the nearest sentence of another article."""
    matrix = TfidfVectorizer(token_pattern=r"\w+", sublinear_tf=True).fit_transform(text for _, text in rows)
    near = NearestNeighbors(n_neighbors=min(6, len(rows)), metric="cosine").fit(matrix)
    distances, indexes = near.kneighbors(matrix)
    result = []
    for i, (article, text) in enumerate(rows):
        others = [(1 - d, rows[j][1]) for d, j in zip(distances[i], indexes[i], strict=True) if rows[j][0] != article]
        cosine, other = max(others, default=(0.0, ""))
        result.append((float(cosine), text, other))
    return result


def phrases(rows: list[tuple[str, str]]) -> Counter[str]:
    """Runs of ``PHRASE`` words by the number of articles they stand in, where that is more than one."""
    places: dict[str, set[str]] = defaultdict(set)
    for article, text in rows:
        words = text.split()
        for i in range(len(words) - PHRASE + 1):
            places[" ".join(words[i : i + PHRASE])].add(article)
    return Counter({phrase: len(ids) for phrase, ids in places.items() if len(ids) > 1})


def report(name: str, rows: list[tuple[str, str]], words: int) -> str:
    """One line of the table."""
    cosines = np.array([cosine for cosine, _, _ in nearest(rows)])
    openings = Counter(" ".join(text.split()[:2]) for _, text in rows).most_common(20)
    shares = " | ".join(f"{share:.3f}" for share in distinct(rows, words).values())
    return (
        f"| {name} | {len(rows)} | {shares} | {np.mean(cosines):.3f} | {np.mean(cosines >= NEAR):.4f} | "
        f"{sum(n for _, n in openings) / len(rows):.3f} | {len(phrases(rows))} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="real labelled articles to compare with")
    parser.add_argument("--pairs", type=int, default=10, help="how many near pairs and phrases to print")
    options = parser.parse_args()
    own = sentences(corpus.read(ROOT / "data" / "corpus"))
    real = sentences(corpus.read(options.beside)) if options.beside else []
    words = min(sum(len(text.split()) for _, text in rows) for rows in (own, real) if rows)
    print(f"distinct n-grams over {words} words\n")
    print(
        "| | sentences | distinct 1 | 2 | 3 | 4 | mean nearest cosine | nearest ≥ 0.8 | 20 openings | repeated 8-word runs |"
    )
    print("|---|" + "---:|" * 9)
    if real:
        sample = own[: len(real)]
        print(report("real", real, words))
        print(report("ours, as many sentences", sample, words))
    print(report("ours, all", own, words))
    print("\nnearest pairs:")
    for cosine, text, other in sorted(nearest(own), reverse=True)[: options.pairs]:
        print(f"{cosine:.2f}\t{text}\n\t{other}")
    print("\nrepeated runs:")
    for phrase, count in phrases(own).most_common(options.pairs):
        print(f"{count}\t{phrase}")


if __name__ == "__main__":
    main()
