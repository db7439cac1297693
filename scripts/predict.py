"""Run a model over labelled articles and write its predictions in the same form, to be scored or corrected.

python scripts/predict.py LABELLED.jsonl PREDICTED.jsonl [--model FOLDER] [--backend onnx|torch]
"""

import argparse
import json
from pathlib import Path

from bilateral_nlp import Classifier, corpus

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("labelled", type=Path)
parser.add_argument("predicted", type=Path)
parser.add_argument("--model")
parser.add_argument("--backend", default="onnx", choices=("onnx", "torch"))
options = parser.parse_args()

classifier = Classifier.from_pretrained(options.model, backend=options.backend)
with options.predicted.open("w", encoding="utf-8") as out:
    for article in corpus.read(options.labelled):
        out.write(json.dumps(classifier.classify(article.text).to_labelled(article.id), ensure_ascii=False) + "\n")
