"""Where our entity head stands on a public benchmark: ANERcorp as split by CAMeL Lab, and AQMAR out of domain.

    python training/anercorp.py TRAIN TEST [--aqmar FILE] [--start build/base] [--epochs 4]

The files hold a token and its BIO tag a line, a blank line between sentences. The shipped recipe trains the entity head
(four labels, no sectors) on TRAIN but for a tenth; scores are exact spans over tokens, micro, as seqeval counts them.
Beside them stand the published figures of CAMeLBERT, 12 layers of 768 (Inoue et al., 2021, https://arxiv.org/abs/2103.06678):
F1 0.808 (mix) and 0.824 (MSA) on the same split.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bilateral_nlp import decoding
from bilateral_nlp.backends.torch import load
from bilateral_nlp.corpus import LabelledArticle, LabelledSentence, LabelledSpan
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.metrics import Score, set_score
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.training import Data, Recipe, load_tokenizer, train

HERE = Path(__file__).resolve().parent
LABELS = ("PERS", "LOC", "ORG", "MISC")
#: Consecutive sentences that are read as one article, so that windows hold context.
GROUP = 20
NO_SECTOR = "none"


def sentences(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Lists of (token, tag); AQMAR's PER is ANERcorp's PERS."""
    rows: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip():
            token, tag = line.rsplit(" ", 1)
            rows.append((token, tag + "S" if tag.endswith("-PER") else tag))
        elif rows:
            yield rows
            rows = []


def article(name: str, group: Sequence[Sequence[tuple[str, str]]], split: str) -> LabelledArticle:
    """Tokens joined by spaces, sentences by line breaks."""
    text, spans, bounds = "", [], []
    for rows in group:
        start = len(text)
        for token, tag in rows:
            text += " " if len(text) > start else ""
            if tag.startswith("B-") or (tag.startswith("I-") and not spans):
                spans.append(LabelledSpan(len(text), len(text) + len(token), tag[2:]))
            elif tag.startswith("I-"):
                spans[-1] = replace(spans[-1], end=len(text) + len(token))
            text += token
        bounds.append(LabelledSentence(start, len(text), ()))
        text += "\n"
    return LabelledArticle(name, text, tuple(bounds), tuple(spans), {"split": split})


def articles(path: Path, split: str, held_out: int = 0) -> list[LabelledArticle]:
    """Groups of sentences as articles; every ``held_out``-th goes to validation."""
    rows = list(sentences(path))
    groups = [rows[i : i + GROUP] for i in range(0, len(rows), GROUP)]
    names = [f"{path.stem}-{i:04d}" for i in range(len(groups))]
    chosen = ["validation" if held_out and i % held_out == held_out - 1 else split for i in range(len(groups))]
    return [article(name, group, part) for name, group, part in zip(names, groups, chosen, strict=True)]


def scores(model: Path, test: Sequence[LabelledArticle]) -> dict[str, Score]:
    """Exact span scores of all labels together and of each."""
    backend = load(model)
    encoder = ArticleEncoder(load_tokenizer(str(model)), backend.model.config.settings())
    want, got = [], []
    for item in test:
        encoded = encoder.encode(item.text, [(s.start, s.end) for s in item.sentences])
        found = decoding.entities(encoded, backend.run(encoded.windows), encoder.settings)
        want.append({(e.start, e.end, e.label) for e in item.entities})
        got.append({(_token_start(item.text, e.start), _token_end(item.text, e.end), e.label) for e in found})
    kinds = {"all": set(LABELS), **{label: {label} for label in LABELS}}
    return {
        name: set_score(*([{e for e in spans if e[2] in chosen} for spans in rows] for rows in (want, got)))
        for name, chosen in kinds.items()
    }


def _token_start(text: str, offset: int) -> int:
    """The benchmark labels whole tokens: back to the white space in front."""
    return max(text.rfind(" ", 0, offset), text.rfind("\n", 0, offset)) + 1


def _token_end(text: str, offset: int) -> int:
    return min(i for i in (text.find(" ", offset), text.find("\n", offset), len(text)) if i >= 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--aqmar", type=Path)
    parser.add_argument("--start", default="build/base")
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--out", default="build/anercorp")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = Recipe.from_toml(
        HERE / "recipes" / "embedded.toml",
        start=options.start,
        out=options.out,
        epochs=options.epochs,
        checkpoints=False,
    )
    model = BilateralModel.from_encoder(recipe.start, sectors=[NO_SECTOR], entity_labels=list(LABELS))
    train(recipe, data=Data(tuple(articles(options.train, "train", held_out=10)), ()), model=model)
    tests = {"ANERcorp test": options.test, **({"AQMAR test": options.aqmar} if options.aqmar else {})}
    print("| | " + " | ".join(("all", *LABELS)) + " |\n|---|" + "---:|" * (1 + len(LABELS)))
    for name, path in tests.items():
        row = scores(Path(options.out), articles(path, "test"))
        print(f"| {name}, F1 | " + " | ".join(f"{score.f1:.3f}" for score in row.values()) + " |")


if __name__ == "__main__":
    main()
