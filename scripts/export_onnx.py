"""Export a saved model to the int8 ONNX file that the default backend runs, and print how far it differs.

    python scripts/export_onnx.py MODEL_FOLDER [--articles LABELLED]

Thresholds are not refitted; training/train_embedded.py does that.
"""

import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer

from bilateral_nlp import corpus
from bilateral_nlp.classifier import ONNX_FILE
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.export import export
from bilateral_nlp.settings import ModelSettings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
parser.add_argument(
    "--articles", type=Path, default=Path("data/corpus"), help="labelled articles to compare on (their test split)"
)
options = parser.parse_args()

encoder = ArticleEncoder(
    Tokenizer.from_file(str(options.folder / "tokenizer.json")), ModelSettings.from_folder(options.folder)
)
articles = [a for a in corpus.read(options.articles) if a.split == "test"]
parity = export(options.folder, encoder, articles, options.folder / ONNX_FILE)
print(json.dumps({name: p.to_dict() for name, p in parity.items()}, indent=1))
