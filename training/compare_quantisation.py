"""What each way to 8 bits costs: file size, agreement with the float32 weights, tokens per second.

    python training/compare_quantisation.py MODEL_FOLDER LABELLED

Runs one window at a time, as the default backend does, on the validation and test articles of LABELLED.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from bilateral_nlp import corpus
from bilateral_nlp.backends.onnx import OnnxBackend
from bilateral_nlp.backends.torch import TorchBackend
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.export import compare, export_float, quantize
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.settings import ModelSettings


def per_tensor(source: Path, target: Path) -> None:
    """onnxruntime's dynamic quantisation: weights per channel, activations with one scale per tensor."""
    graph = onnx.load(str(source))
    del graph.graph.value_info[:]
    onnx.save(graph, str(source))
    quantize_dynamic(
        source, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )


def unchanged(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "float32": unchanged,
    "int8 per tensor": per_tensor,
    "int8 in blocks": quantize,
}


def main(folder: Path, labelled: Path) -> None:
    logging.disable(logging.WARNING)
    encoder = ArticleEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ModelSettings.from_folder(folder))
    articles = [a for a in corpus.read(labelled) if a.split != "train"]
    windows = [w for a in articles for w in encoder.encode(a.text).windows]
    tokens = sum(len(w.ids) for w in windows)
    model = BilateralModel.from_pretrained(folder, dtype=torch.float32)
    weights = TorchBackend(model)
    print("| way | MB | sector logits, mean difference | sector decisions equal | entities, F1 to float32 | tokens/s |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as scratch:
        plain, target = Path(scratch) / "plain.onnx", Path(scratch) / "target.onnx"
        export_float(model, plain)
        for name, way in WAYS.items():
            way(plain, target)
            backend = OnnxBackend(target, encoder.settings.pad_id)
            parity = compare(weights, backend, encoder, articles)
            begin = time.perf_counter()
            backend.run(windows)
            rate = tokens / (time.perf_counter() - begin)
            print(
                f"| {name} | {target.stat().st_size / 1e6:.1f} | {parity.sector_logit_mean:.3f} | {parity.sector_decisions:.4f} "
                f"| {parity.entities:.3f} | {rate:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
