"""Export to ONNX, int8 quantisation, and the proof that the exports answer as the weights do."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import Tensor, nn

from bilateral_nlp import decoding
from bilateral_nlp.backends import Backend
from bilateral_nlp.backends.onnx import OUTPUTS, OnnxBackend
from bilateral_nlp.backends.torch import TorchBackend
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.modeling import BilateralModel

INPUTS = ("input_ids", "attention_mask", "sentence_mask")


@dataclass(frozen=True)
class Parity:
    """How an export differs from the float32 weights on the same windows.

    ``sector_logit_mean``, ``sector_logit_max``: absolute differences; ``sector_decisions``: share of equal
    decisions over all sentences and sectors; ``entities``: F1 of the export's entities against the weights' ones.
    """

    sector_logit_mean: float
    sector_logit_max: float
    sector_decisions: float
    entities: float

    def to_dict(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


class _Exported(nn.Module):
    """The model with positional inputs and a tuple of outputs."""

    def __init__(self, model: BilateralModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, sentence_mask: Tensor) -> tuple[Tensor, ...]:
        answer = self.model(input_ids, attention_mask, sentence_mask)
        return tuple(answer[name] for name in OUTPUTS)


def export_float(model: BilateralModel, path: Path) -> None:
    """Write the model as float32 ONNX with dynamic batch, sentence and token axes."""
    model = model.float().cpu().eval()
    attention = model.encoder.config._attn_implementation
    model.encoder.set_attn_implementation("eager")
    batch, sentences, tokens = (torch.export.Dim(name, min=1) for name in ("batch", "sentences", "tokens"))
    ids = torch.full((2, 24), int(model.config.eos_token_id), dtype=torch.long)
    mask = torch.zeros(2, 3, 24)
    mask[:, :, 4:12] = 1
    program = torch.onnx.export(
        _Exported(model).eval(),
        (ids, torch.ones_like(ids), mask),
        dynamo=True,
        verbose=False,
        input_names=list(INPUTS),
        output_names=list(OUTPUTS),
        dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}, {0: batch, 1: sentences, 2: tokens}),
    )
    model.encoder.set_attn_implementation(attention)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    program.save(str(path))


def quantize(source: Path, target: Path) -> None:
    """8-bit weights in blocks of 128, activations rounded to int8 block by block at run time; the heads stay in float32.

    One scale per activation tensor, the usual dynamic quantisation, loses several points of entity F1 to outliers behind
    GELU; a scale per token and block loses next to nothing.
    """
    graph = onnx.load(str(source))
    # The exporter leaves stack traces, with the paths of the machine it ran on, beside every node.
    for part in (graph.graph, *graph.graph.node, *graph.graph.input, *graph.graph.output, *graph.graph.initializer):
        del part.metadata_props[:]
    # Shapes recorded by the exporter contradict the quantised graph; onnxruntime infers them anew.
    del graph.graph.value_info[:]
    heads = [
        node.name for node in graph.graph.node if node.op_type in {"MatMul", "Gemm"} and _is_head(node, graph.graph)
    ]
    with tempfile.TemporaryDirectory() as folder:
        plain, gathered = Path(folder) / "plain.onnx", Path(folder) / "gathered.onnx"
        onnx.save(graph, str(plain))
        quantize_dynamic(plain, gathered, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])
        quantizer = MatMulNBitsQuantizer(
            onnx.load(str(gathered)),
            nodes_to_exclude=heads,
            algo_config=DefaultWeightOnlyQuantConfig(
                block_size=128, is_symmetric=True, accuracy_level=_INT8_COMPUTE, bits=8
            ),
        )
        quantizer.process()
        quantizer.model.save_model_to_file(str(target))


#: MatMulNBits' `accuracy_level` at which activations are int8 too.
_INT8_COMPUTE = 4


def _is_head(node: onnx.NodeProto, graph: onnx.GraphProto) -> bool:
    """Whether a product ends in label scores: its weight matrix is far narrower than a block of the encoder."""
    return any(tensor.name == node.input[1] and min(tensor.dims) < 128 for tensor in graph.initializer)


def compare(
    weights: TorchBackend, export: Backend, encoder: ArticleEncoder, articles: Sequence[LabelledArticle]
) -> Parity:
    """Run both over articles and compare logits and decisions."""
    gaps, equal = [], []
    common = total = 0
    settings = encoder.settings
    for article in articles:
        encoded = encoder.encode(article.text)
        pair = [backend.run(encoded.windows) for backend in (weights, export)]
        ours, theirs = (decoding.sector_logits(encoded, outputs, len(settings.sectors)) for outputs in pair)
        gaps.append(np.abs(ours - theirs).ravel())
        thresholds = np.array(settings.thresholds, dtype=np.float32)
        equal.append(
            (
                (decoding.probabilities(ours, settings) >= thresholds)
                == (decoding.probabilities(theirs, settings) >= thresholds)
            ).ravel()
        )
        found = [{(e.start, e.end, e.label) for e in decoding.entities(encoded, outputs, settings)} for outputs in pair]
        common += len(found[0] & found[1])
        total += len(found[0]) + len(found[1])
    gap = np.concatenate(gaps)
    return Parity(float(gap.mean()), float(gap.max()), float(np.concatenate(equal).mean()), 2 * common / max(1, total))


def export(
    folder: Path, encoder: ArticleEncoder, articles: Sequence[LabelledArticle], target: Path
) -> dict[str, Parity]:
    """Export the weights in ``folder`` to int8 at ``target``; parity of float32 and int8 on ``articles``."""
    model = BilateralModel.from_pretrained(folder, dtype=torch.float32)
    weights = TorchBackend(model)
    pad_id = encoder.settings.pad_id
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "model.onnx"
        export_float(model, plain)
        quantize(plain, target)
        return {
            "float32": compare(weights, OnnxBackend(plain, pad_id), encoder, articles),
            "int8": compare(weights, OnnxBackend(target, pad_id), encoder, articles),
        }
