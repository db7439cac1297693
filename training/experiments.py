"""Compare ways to train at a small, equal cost; one row a run goes to training/experiments.jsonl.

    python training/experiments.py NAME… [--seed 13] [--share 0.5] [--epochs 4]
    python training/experiments.py --write training/README.md

Runs over one state of the corpus train on the same articles: the first ``--share`` of our own training articles (in the
order of a hash of their ids) and the real ones but for a tenth. They are measured on our validation articles and on the
real articles of the validation tenth and the one kept back; test articles stay unseen. ``--write`` puts all rows into a
page's table.
"""

import argparse
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import variants
from sklearn.metrics import average_precision_score

from bilateral_nlp import metrics
from bilateral_nlp.backends.torch import TorchBackend
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.training import Data, Recipe, load_data, load_model, load_tokenizer, predict_held_out, train

HERE = Path(__file__).resolve().parent
ROWS = HERE / "experiments.jsonl"
BEGIN, END = "<!-- experiments -->", "<!-- end of experiments -->"
#: The tenth of the real training articles that experiments are measured on, beside the validation tenth.
KEPT_BACK = 2


def order(article: LabelledArticle) -> float:
    """A number in [0, 1) fixed by the id, apart from what the splits use."""
    return int(hashlib.sha256(article.id.encode()).hexdigest()[8:16], 16) / 2**32


def select(data: Data, share: float) -> tuple[Data, list[LabelledArticle]]:
    """What experiments train and validate on, and the real articles they are measured on."""
    own = tuple(a for a in data.own if a.split == "validation" or (a.split == "train" and order(a) < share))
    seen = tuple(a for a in data.optional if a.split != "test" and a.bucket != KEPT_BACK)
    return Data(own, seen), [a for a in data.optional if a.split == "validation" or a.bucket == KEPT_BACK]


def measure(model: BilateralModel, encoder: ArticleEncoder, articles: Sequence[LabelledArticle]) -> dict[str, float]:
    """Scores at threshold 0.5, and the micro average precision, which needs none."""
    result = predict_held_out(TorchBackend(model).run, encoder, articles)
    chosen = result.logits > 0
    scores = {
        "sectors_ap": average_precision_score(result.gold.ravel(), result.logits.ravel()),
        "sectors_f1": metrics.multilabel_score(result.gold, chosen).f1,
        "sectors_macro_f1": metrics.macro_f1(result.gold, chosen),
        "sentences_right": metrics.rows_right(result.gold, chosen),
        "entities_f1": result.entities.f1,
    }
    return {name: round(float(score), 4) for name, score in scores.items()}


def run(name: str, base: Recipe, share: float, labels: str = "read") -> dict[str, Any]:
    """Train one variant and measure it; ``labels`` says which state of the corpus's labels it was (see README.md)."""
    variant: variants.Variant = getattr(variants, name)()
    out = Path("build/experiments") / name
    changes = {"epochs": base.epochs * variant.epochs_share, **variant.recipe}
    recipe = replace(base, out=str(out), checkpoints=False, **changes)
    data, real = select(load_data(recipe), share)
    model = variant.model(load_model(recipe))
    started = time.monotonic()
    with variant.patches():
        train(recipe, data=variant.data(data), model=model)
        seconds = time.monotonic() - started
        encoder = ArticleEncoder(load_tokenizer(recipe.start), model.config.settings())
        scores = {
            "own": measure(model, encoder, [a for a in data.own if a.split == "validation"]),
            "real": measure(model, encoder, real),
        }
    row = {
        "name": name,
        "what": (variant.__doc__ or "").strip().splitlines()[0],
        "labels": labels,
        "seed": recipe.seed,
        "share": share,
        "epochs": recipe.epochs,
        "train_articles": len(data.split("train")),
        "minutes": round(seconds / 60, 1),
        **scores,
    }
    shutil.rmtree(f"{out}-checkpoints", ignore_errors=True)
    return row


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown, in the order they were run."""
    columns: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
        ("variant", lambda r: f"`{r['name']}`: {r['what']}"),
        ("labels; share, epochs, seed", lambda r: f"{r['labels']}; {r['share']:g}, {r['epochs']:g}, {r['seed']}"),
        ("training articles", lambda r: r["train_articles"]),
        ("minutes", lambda r: r["minutes"]),
    ]
    for part in ("own", "real"):
        for score in ("sectors_ap", "sectors_f1", "sectors_macro_f1", "entities_f1"):
            title = f"{part} {score.replace('_', ' ').replace('ap', 'AP').replace('f1', 'F1')}"
            columns.append((title, lambda r, part=part, score=score: f"{r[part][score]:.3f}"))  # type: ignore[misc]
    lines = ["| " + " | ".join(title for title, _ in columns) + " |", "|---|---|" + "---:|" * (len(columns) - 2)]
    lines += ["| " + " | ".join(str(value(row)) for _, value in columns) + " |" for row in rows]
    return "\n".join(lines)


def with_table(page: str) -> str:
    """The page with every recorded row between its two experiments comments."""
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(rows)}\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="variants, see training/variants.py")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument(
        "--labels", default="read", help="a word for the state of the corpus's labels, kept with the row"
    )
    parser.add_argument("--write", type=Path, help="a Markdown page with the two experiments comments")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    base = Recipe.from_toml(
        HERE / "recipes" / "embedded.toml",
        seed=options.seed,
        epochs=options.epochs,
        trainer={"eval_strategy": "no"},
    )
    for name in options.names:
        row = run(name, base, options.share, options.labels)
        with ROWS.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_table(page), encoding="utf-8")


if __name__ == "__main__":
    main()
