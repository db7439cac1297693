"""The model: one BERT-like encoder, a sector head, an entity head, one loss.

`BilateralModel` wraps any encoder that `transformers.AutoModel` knows. Saved folders load with
``BilateralModel.from_pretrained`` or ``AutoModel.from_pretrained`` after importing this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from bilateral_nlp.encoding import IGNORED, MAX_PROCLITICS
from bilateral_nlp.settings import ModelSettings
from bilateral_nlp.taxonomy import default_taxonomy

#: Bound on attention scores in the sector head; keeps exp() within float32 without a maximum per sentence.
_SCORE_BOUND = 12.0
#: The logit of how often a sector is among a sentence's.
_PRIOR_BIAS = -3.0


class BilateralConfig(PretrainedConfig):
    """Encoder configuration, labels, window sizes, calibration and thresholds.

    ``encoder``: a configuration (or its dict) with a ``model_type`` known to transformers. ``platt`` and
    ``thresholds`` are per sector, see `bilateral_nlp.settings.ModelSettings`.
    """

    model_type = "bilateral_nlp"
    sub_configs: ClassVar[dict[str, Any]] = {"encoder": AutoConfig}

    def __init__(
        self,
        encoder: PretrainedConfig | dict[str, Any] | None = None,
        sectors: Sequence[str] | None = None,
        entity_labels: Sequence[str] | None = None,
        window: int = 256,
        max_sentences: int = 32,
        head_dropout: float = 0.1,
        platt: Sequence[Sequence[float]] | None = None,
        thresholds: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(encoder, dict):
            encoder = AutoConfig.for_model(**encoder)
        self.encoder: Any = encoder if encoder is not None else AutoConfig.for_model("bert")
        self.sectors = list(sectors if sectors is not None else default_taxonomy().sector_ids)
        self.entity_labels = list(entity_labels if entity_labels is not None else default_taxonomy().entity_ids)
        positions = getattr(self.encoder, "max_position_embeddings", window)
        if window > positions:
            raise ValueError(
                f"window got {window}, but the encoder has {positions} positions; give window={positions} or less"
            )
        self.window = window
        self.max_sentences = max_sentences
        self.head_dropout = head_dropout
        self.platt = [list(pair) for pair in platt] if platt is not None else [[1.0, 0.0] for _ in self.sectors]
        self.thresholds = list(thresholds) if thresholds is not None else [0.5] * len(self.sectors)
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            kwargs.setdefault(name, getattr(self.encoder, name, None))
        super().__init__(**kwargs)

    def settings(self) -> ModelSettings:
        """What encoding and decoding need of this configuration."""
        return ModelSettings.from_dict(self.to_dict(), "BilateralConfig")


@dataclass
class BilateralOutput(ModelOutput):
    """``loss`` (); ``sector_logits`` (B, S, L); ``tag_logits`` (B, T, 1 + 2E); ``proclitic_logits`` (B, T, 3);
    ``sector_attention`` (B, T, L), the unnormalised log weight of a token for a sector within its sentence."""

    loss: Tensor | None = None
    sector_logits: Tensor | None = None
    tag_logits: Tensor | None = None
    proclitic_logits: Tensor | None = None
    sector_attention: Tensor | None = None


class SectorHead(nn.Module):
    """Label-wise attention pooling over the tokens of each sentence (Mullenbach et al., 2018, CAML).

    A sector's logit is a weighted mean, over its sentence's tokens, of what each token says of that sector,
    so that the weights show which words made it.
    """

    def __init__(self, width: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.query = nn.Linear(width, labels, bias=False)
        self.value = nn.Linear(width, labels)

    def forward(self, hidden: Tensor, sentence_mask: Tensor) -> tuple[Tensor, Tensor]:
        """``hidden`` (B, T, H), ``sentence_mask`` (B, S, T) → logits (B, S, L), attention scores (B, T, L)."""
        hidden = self.dropout(hidden)
        scores = self.query(hidden).float()
        scores = _SCORE_BOUND * torch.tanh(scores / _SCORE_BOUND)
        weights = scores.exp()
        mask = sentence_mask.float()
        total = torch.matmul(mask, weights)
        logits = torch.matmul(mask, weights * self.value(hidden).float()) / total.clamp_min(1e-12)
        return logits, scores


class BilateralModel(PreTrainedModel):
    """One encoder pass gives the sectors of every sentence in the window and the entity tags of every word."""

    config_class = BilateralConfig
    base_model_prefix = "bilateral"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: BilateralConfig) -> None:
        super().__init__(config)
        extra = {"add_pooling_layer": False} if config.encoder.model_type in _WITH_POOLER else {}
        self.encoder = AutoModel.from_config(config.encoder, **extra)
        width = config.encoder.hidden_size
        # Sentence encoders such as E5 end in small, alike vectors; unit scale lets fresh heads learn at once.
        self.norm = nn.LayerNorm(width)
        self.sector_head = SectorHead(width, len(config.sectors), config.head_dropout)
        self.entity_dropout = nn.Dropout(config.head_dropout)
        self.tag_head = nn.Linear(width, 1 + 2 * len(config.entity_labels))
        self.proclitic_head = nn.Linear(width, MAX_PROCLITICS + 1)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, SectorHead):
            # Most sentences lack most sectors; starting there spares training the way (Lin et al., 2017, §4.1).
            nn.init.constant_(module.value.bias, _PRIOR_BIAS)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

    @classmethod
    def from_encoder(cls, encoder: str | Path, **settings: Any) -> BilateralModel:
        """A model with fresh heads over a pretrained encoder, a folder or a Hub id, with its tokenizer beside it."""
        encoder_config = AutoConfig.from_pretrained(encoder)
        # Most BERT configurations do not say which tokens open and close a window; their tokenizers do.
        tokenizer = AutoTokenizer.from_pretrained(encoder)
        special = {"bos_token_id": tokenizer.cls_token_id, "eos_token_id": tokenizer.sep_token_id}
        config = BilateralConfig(encoder=encoder_config, pad_token_id=tokenizer.pad_token_id, **special, **settings)
        model = cls(config)
        extra = {"add_pooling_layer": False} if encoder_config.model_type in _WITH_POOLER else {}
        model.encoder = AutoModel.from_pretrained(encoder, dtype=torch.float32, **extra)
        return model

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        sentence_mask: Tensor,
        sector_labels: Tensor | None = None,
        tag_labels: Tensor | None = None,
        proclitic_labels: Tensor | None = None,
    ) -> BilateralOutput:
        """``input_ids``, ``attention_mask`` (B, T); ``sentence_mask`` (B, S, T), 1 where a token is of a sentence.

        Labels are optional: ``sector_labels`` (B, S, L) of 0/1, ``tag_labels`` and ``proclitic_labels`` (B, T) of
        class indexes; -100 in any of them asks nothing. With at least one of them, ``loss`` is set.
        """
        hidden = self.norm(self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state)
        sector_logits, attention = self.sector_head(hidden, sentence_mask)
        tokens = self.entity_dropout(hidden)
        tag_logits = self.tag_head(tokens)
        proclitic_logits = self.proclitic_head(tokens)
        losses = []
        if sector_labels is not None:
            losses.append(_sector_loss(sector_logits, sector_labels))
        if tag_labels is not None:
            losses.append(_token_loss(tag_logits, tag_labels))
        if proclitic_labels is not None:
            losses.append(0.2 * _token_loss(proclitic_logits, proclitic_labels))
        loss = torch.stack(losses).sum() if losses else None
        return BilateralOutput(loss, sector_logits, tag_logits, proclitic_logits, attention)


#: Encoders whose pooler is never used and would only be trained by weight decay.
_WITH_POOLER = {"bert", "roberta", "xlm-roberta", "camembert"}
#: Brings a mean over some 25 mostly negative labels to the size of the token loss.
_SECTOR_WEIGHT = 8.0


def _sector_loss(logits: Tensor, labels: Tensor) -> Tensor:
    asked = labels != IGNORED
    loss = nn.functional.binary_cross_entropy_with_logits(logits, labels.clamp_min(0).float(), reduction="none")
    return _SECTOR_WEIGHT * (loss * asked).sum() / asked.sum().clamp_min(1)


def _token_loss(logits: Tensor, labels: Tensor) -> Tensor:
    asked = (labels != IGNORED).sum().clamp_min(1)
    loss = nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return loss / asked


AutoConfig.register(BilateralConfig.model_type, BilateralConfig, exist_ok=True)
AutoModel.register(BilateralConfig, BilateralModel, exist_ok=True)
