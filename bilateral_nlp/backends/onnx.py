"""The default backend: onnxruntime on the CPU, int8 or float32.

Windows run one at a time: a window is a few hundred tokens and fills the processor's matrix units by itself,
nothing is padded, and a window's answer cannot depend on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime

from bilateral_nlp.decoding import WindowOutput
from bilateral_nlp.encoding import Window, pad_windows
from bilateral_nlp.settings import ModelFolderError

OUTPUTS = ("sector_logits", "tag_logits", "proclitic_logits", "sector_attention")


class OnnxBackend:
    """Runs an exported model. ``threads`` 0 lets onnxruntime take every core."""

    def __init__(self, path: Path, pad_id: int, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own types, which share no base but Exception
            raise ModelFolderError(
                f"{path}: onnxruntime cannot load this file ({str(error).splitlines()[0]}); "
                "export the model again: python scripts/export_onnx.py MODEL"
            ) from None
        self._pad_id = pad_id

    def run(self, windows: Sequence[Window]) -> list[WindowOutput]:
        """One output per window, in order."""
        return [self._one(window) for window in windows]

    def _one(self, window: Window) -> WindowOutput:
        outputs = self._session.run(list(OUTPUTS), pad_windows([window], self._pad_id))
        return WindowOutput(*(array[0] for array in outputs))
