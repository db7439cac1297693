"""What `experiments.py` compares: each variant changes the recipe, the model or the data in one way."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import TrainerCallback

from bilateral_nlp.modeling import BilateralModel, SectorHead
from bilateral_nlp.training import Data


class Variant:
    """As shipped: windows of 256 tokens, label-wise attention, both tasks, BIO with constraints."""

    #: Changes to the recipe.
    recipe: ClassVar[dict[str, Any]] = {}
    callbacks: Sequence[TrainerCallback] = ()

    def model(self, model: BilateralModel) -> BilateralModel:
        return model

    def data(self, data: Data) -> Data:
        return data


class shipped(Variant):
    """As shipped: windows of 256 tokens, label-wise attention, both tasks, BIO with constraints."""


class real_twice(Variant):
    """Real training articles are seen twice an epoch."""

    def data(self, data: Data) -> Data:
        return Data(data.own, data.optional + tuple(a for a in data.optional if a.split == "train"))


class no_dropout(Variant):
    """No dropout in the encoder."""

    def model(self, model: BilateralModel) -> BilateralModel:
        for module in model.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        return model


class WideSectorHead(SectorHead):
    """The sector head with what each piece of the vocabulary says by itself added to its tokens' values."""

    def __init__(self, width: int, labels: int, dropout: float, vocabulary: int) -> None:
        super().__init__(width, labels, dropout)
        self.piece = nn.Embedding(vocabulary, labels)
        nn.init.zeros_(self.piece.weight)
        self.ids: Tensor | None = None

    def forward(self, hidden: Tensor, sentence_mask: Tensor) -> tuple[Tensor, Tensor]:
        logits, scores = super().forward(hidden, sentence_mask)
        mask = sentence_mask.float()
        assert self.ids is not None
        return logits + torch.matmul(mask, self.piece(self.ids).float()) / mask.sum(-1, keepdim=True).clamp_min(
            1
        ).sqrt(), scores


class wide(Variant):
    """A weight for every (piece, sector) beside the encoder, summed over the sentence."""

    def model(self, model: BilateralModel) -> BilateralModel:
        config = model.config
        head = WideSectorHead(
            config.encoder.hidden_size, len(config.sectors), config.head_dropout, config.encoder.vocab_size
        )
        head.load_state_dict(model.sector_head.state_dict(), strict=False)
        model.sector_head = head

        def remember(_: nn.Module, __: Any, kwargs: dict[str, Any]) -> None:
            head.ids = kwargs["input_ids"]

        model.encoder.register_forward_pre_hook(remember, with_kwargs=True)
        return model
