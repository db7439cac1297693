"""From a trained model to a folder that users load: half-precision weights, int8 export, thresholds, model card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from bilateral_nlp.backends.onnx import OnnxBackend
from bilateral_nlp.backends.torch import load
from bilateral_nlp.calibration import fit_platt, fit_thresholds
from bilateral_nlp.card import model_card
from bilateral_nlp.classifier import ONNX_FILE, Classifier
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.encoding import ArticleEncoder
from bilateral_nlp.evaluation import Report, evaluate
from bilateral_nlp.export import Parity, compare, export
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.settings import ModelSettings
from bilateral_nlp.training import predict_held_out


@dataclass(frozen=True)
class Published:
    """What was measured while publishing: reports per set of articles and backend, parity per export."""

    reports: Mapping[str, Mapping[str, Report]]
    parity: Mapping[str, Parity]

    def to_dict(self) -> dict[str, Any]:
        return {
            "reports": {name: {kind: r.summary() for kind, r in kinds.items()} for name, kinds in self.reports.items()},
            "parity": {name: p.to_dict() for name, p in self.parity.items()},
        }


def publish(
    trained: Path,
    target: Path,
    held_out: Sequence[LabelledArticle],
    measured_on: Mapping[str, Sequence[LabelledArticle]],
    facts: Mapping[str, str],
) -> Published:
    """Write ``target`` from ``trained``: fp16 safetensors, tokenizer, int8 ONNX; then `measure` it."""
    target.mkdir(parents=True, exist_ok=True)
    model = BilateralModel.from_pretrained(trained, dtype=torch.float32)
    model.half().save_pretrained(target)
    shutil.copy(trained / "tokenizer.json", target / "tokenizer.json")
    export(target, _encoder(target), held_out[:1], target / ONNX_FILE)
    return measure(target, held_out, measured_on, facts)


def measure(
    target: Path,
    held_out: Sequence[LabelledArticle],
    measured_on: Mapping[str, Sequence[LabelledArticle]],
    facts: Mapping[str, str],
) -> Published:
    """Fit probabilities and thresholds of a published folder, and write its config, README.md and figures.json.

    Platt scaling and thresholds are fitted on ``held_out`` with the int8 model's own logits, since that is what
    users run. ``measured_on`` names the sets of articles the card reports; ``facts`` are its lines about the run.
    """
    encoder = _encoder(target)
    backend = OnnxBackend(target / ONNX_FILE, encoder.settings.pad_id)
    result = predict_held_out(backend.run, encoder, held_out)
    platt = fit_platt(result.logits, result.gold)
    settings = replace(
        encoder.settings, platt=tuple(platt), thresholds=tuple(fit_thresholds(result.logits, result.gold, platt))
    )
    _write_calibration(target / "config.json", settings)

    encoder = ArticleEncoder(encoder.tokenizer, settings)
    weights = load(target)
    parity = {"int8": compare(weights, backend, encoder, held_out)}
    classifiers = {"int8": Classifier(encoder, backend), "float32": Classifier(encoder, weights)}
    reports = {
        name: {kind: evaluate(c, articles) for kind, c in classifiers.items()}
        for name, articles in measured_on.items()
        if articles
    }
    published = Published(reports, parity)
    (target / "figures.json").write_text(json.dumps(published.to_dict(), indent=1) + "\n", encoding="utf-8")
    (target / "README.md").write_text(model_card(target, settings, published.to_dict(), facts), encoding="utf-8")
    return published


def _encoder(folder: Path) -> ArticleEncoder:
    return ArticleEncoder(Tokenizer.from_file(str(folder / "tokenizer.json")), ModelSettings.from_folder(folder))


def _write_calibration(path: Path, settings: ModelSettings) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    config["platt"] = [[round(a, 5), round(b, 5)] for a, b in settings.platt]
    config["thresholds"] = list(settings.thresholds)
    path.write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
