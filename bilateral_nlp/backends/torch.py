"""The torch backend: any device and dtype, batches by token budget.

Tested on the CPU against the onnx backend; CUDA takes the same code path with ``device="cuda"``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError

from bilateral_nlp.decoding import WindowOutput
from bilateral_nlp.encoding import Window, pad_windows
from bilateral_nlp.modeling import BilateralModel
from bilateral_nlp.settings import ModelFolderError, require_file

#: Tokens, padding included, of one batch.
TOKEN_BUDGET = 8192


class TorchBackend:
    """Runs a `BilateralModel` where it lies."""

    def __init__(self, model: BilateralModel, token_budget: int = TOKEN_BUDGET) -> None:
        self.model = model
        self._budget = token_budget

    def run(self, windows: Sequence[Window]) -> list[WindowOutput]:
        """One output per window, in order."""
        outputs: list[WindowOutput | None] = [None] * len(windows)
        training = self.model.training
        self.model.eval()
        for batch in self._batches(windows):
            arrays = pad_windows([windows[i] for i in batch], int(self.model.config.pad_token_id))
            tensors = {
                name: torch.from_numpy(array).to(self.model.device, non_blocking=True) for name, array in arrays.items()
            }
            with torch.inference_mode():
                answer = self.model(**tensors)
            parts = [
                x.float().cpu().numpy()
                for x in (answer.sector_logits, answer.tag_logits, answer.proclitic_logits, answer.sector_attention)
            ]
            for row, index in enumerate(batch):
                tokens, sentences = len(windows[index].ids), len(windows[index].sentences)
                outputs[index] = WindowOutput(parts[0][row, :sentences], *(part[row, :tokens] for part in parts[1:]))
        self.model.train(training)
        return [output for output in outputs if output is not None]

    def _batches(self, windows: Sequence[Window]) -> Iterator[list[int]]:
        """Windows of like length together, each batch within the token budget (a lone window may exceed it)."""
        batch: list[int] = []
        for index in sorted(range(len(windows)), key=lambda i: len(windows[i].ids)):
            if batch and len(windows[index].ids) * (len(batch) + 1) > self._budget:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch


def load(folder: Path, device: str = "cpu", dtype: str = "float32") -> TorchBackend:
    """Load a saved model folder onto a device; ModelFolderError names what is missing or broken."""
    require_file(folder, "config.json")
    require_file(folder, "model.safetensors")
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype not in known:
        raise ValueError(f"dtype got {dtype!r}; expected one of {sorted(known)}")
    try:
        model = BilateralModel.from_pretrained(folder, dtype=known[dtype])
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelFolderError(
            f"{folder / 'model.safetensors'}: cannot be loaded ({error}); save the model again"
        ) from None
    return TorchBackend(model.to(device).eval())
