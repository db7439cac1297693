"""What a model folder's ``config.json`` says about labels, windows, calibration and thresholds.

Serving reads it without transformers; `bilateral_nlp.modeling.BilateralConfig` writes the same keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ModelFolderError(OSError):
    """A model folder that is missing, incomplete or broken; the message names the file and the cure."""


@dataclass(frozen=True)
class ModelSettings:
    """Settings that serving needs.

    ``sectors``, ``entity_labels``: ids in the order of the outputs. ``window``: tokens of a window;
    ``max_sentences``: sentences of a window. ``platt``: (scale, offset) per sector, so that
    ``sigmoid(scale * logit + offset)`` is a probability; ``thresholds``: per sector, on that probability.
    """

    sectors: tuple[str, ...]
    entity_labels: tuple[str, ...]
    window: int
    max_sentences: int
    bos_id: int
    eos_id: int
    pad_id: int
    platt: tuple[tuple[float, float], ...]
    thresholds: tuple[float, ...]

    @classmethod
    def from_dict(cls, config: dict[str, Any], source: str = "config") -> ModelSettings:
        """From the keys of ``config.json``; ModelFolderError names a missing or misshapen one."""
        try:
            sectors = tuple(config["sectors"])
            settings = cls(
                sectors,
                tuple(config["entity_labels"]),
                int(config["window"]),
                int(config["max_sentences"]),
                int(config["bos_token_id"]),
                int(config["eos_token_id"]),
                int(config["pad_token_id"]),
                tuple((float(a), float(b)) for a, b in config["platt"]),
                tuple(map(float, config["thresholds"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(
                f"{source}: no usable setting {error}; is this the folder of a bilateral_nlp model? "
                "Write one with model.save_pretrained(folder)"
            ) from None
        if not len(sectors) == len(settings.platt) == len(settings.thresholds):
            raise ModelFolderError(
                f"{source}: {len(sectors)} sectors but {len(settings.platt)} platt pairs and "
                f"{len(settings.thresholds)} thresholds; refit them with bilateral-nlp train"
            )
        return settings

    @classmethod
    def from_folder(cls, folder: Path) -> ModelSettings:
        """Read ``folder/config.json``."""
        path = require_file(folder, "config.json")
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ModelFolderError(f"{path}: not JSON ({error}); fetch or save the model again") from None
        return cls.from_dict(config, str(path))


def require_file(folder: Path, name: str) -> Path:
    """``folder/name`` if it is there, else an error that says what is missing and how to get it."""
    if not folder.is_dir():
        raise ModelFolderError(
            f"{folder}: no such model folder; give the folder of a saved model, "
            "e.g. Classifier.from_pretrained('models/embedded'), or nothing for the shipped one"
        )
    path = folder / name
    if not path.is_file():
        raise ModelFolderError(f"{path}: missing from the model folder; save or export the model again into {folder}")
    return path
