"""What `experiments.py` compares: each variant changes the recipe, the model or the data in one way."""

import random
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, ClassVar
from unittest import mock

import augmentation
import torch
from crf import TagCRF
from torch import Tensor, nn

from bilateral_nlp import decoding, modeling
from bilateral_nlp.corpus import LabelledArticle
from bilateral_nlp.modeling import BilateralModel, SectorHead
from bilateral_nlp.training import Data


class Variant:
    """As shipped: windows of 256 tokens, label-wise attention, both tasks, BIO with constraints."""

    #: Changes to the recipe.
    recipe: ClassVar[dict[str, Any]] = {}
    #: Epochs of this variant for one of the others'.
    epochs_share: ClassVar[float] = 1.0

    def patches(self) -> AbstractContextManager[Any]:
        """What is changed in the library while training."""
        return nullcontext()

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


class Augmented(Variant):
    """Half the epochs over twice the articles: as written, and changed."""

    epochs_share = 0.5

    def augment(self, data: Data) -> Sequence[augmentation.Augmentation]:
        """What changes the copies, one after the other."""
        raise NotImplementedError

    def data(self, data: Data) -> Data:
        steps = self.augment(data)

        def copies(articles: Sequence[LabelledArticle]) -> tuple[LabelledArticle, ...]:
            changed = []
            for article in articles:
                if article.split == "train":
                    chance = random.Random(article.id)
                    for step in steps:
                        article = step(article, chance)
                    changed.append(article)
            return (*articles, *changed)

        return Data(copies(data.own), copies(data.optional))


class dirt(Augmented):
    """Half the epochs over twice the articles: as written, and with slips of dirty copy."""

    def augment(self, data: Data) -> Sequence[augmentation.Augmentation]:
        return [augmentation.add_dirt]


class swaps(Augmented):
    """Half the epochs over twice the articles: as written, and with other countries, people and proclitics."""

    def augment(self, data: Data) -> Sequence[augmentation.Augmentation]:
        train = data.split("train")
        names = sorted({a.text[e.start : e.end] for a in train for e in a.entities if e.label == "PER"})
        return [augmentation.swap_countries, augmentation.swap_people(names), augmentation.change_proclitics]


class shuffled(Augmented):
    """Half the epochs over twice the articles: as written, and with their sentences shuffled."""

    def augment(self, data: Data) -> Sequence[augmentation.Augmentation]:
        return [augmentation.shuffle_sentences]


class lone_sentence(Variant):
    """Every sentence alone in its window."""

    def model(self, model: BilateralModel) -> BilateralModel:
        model.config.max_sentences = 1
        return model


class window_128(Variant):
    """Windows of 128 tokens."""

    def model(self, model: BilateralModel) -> BilateralModel:
        model.config.window = 128
        return model


class MeanSectorHead(SectorHead):
    """Sectors from the plain mean of the sentence's tokens."""

    def forward(self, hidden: Tensor, sentence_mask: Tensor) -> tuple[Tensor, Tensor]:
        mask = sentence_mask.float()
        mean = torch.matmul(mask, hidden.float()) / mask.sum(-1, keepdim=True).clamp_min(1)
        return self.value(self.dropout(mean)), torch.zeros_like(self.query(hidden))


class mean_pooling(Variant):
    """Mean pooling over a sentence's tokens instead of label-wise attention."""

    def model(self, model: BilateralModel) -> BilateralModel:
        head = MeanSectorHead(model.config.encoder.hidden_size, len(model.config.sectors), model.config.head_dropout)
        head.load_state_dict(model.sector_head.state_dict())
        model.sector_head = head
        return model


class OneTask(Variant):
    """The loss of one task only."""

    #: The argument of the model's forward that is kept from it.
    without: ClassVar[tuple[str, ...]]

    def model(self, model: BilateralModel) -> BilateralModel:
        def drop(_: nn.Module, __: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            return __, {k: v for k, v in kwargs.items() if k not in self.without}

        model.register_forward_pre_hook(drop, with_kwargs=True)
        return model


class sectors_only(OneTask):
    """A model of its own for the sectors."""

    without = ("tag_labels", "proclitic_labels")


class entities_only(OneTask):
    """A model of its own for the entities."""

    without = ("sector_labels",)


class Shallow(Variant):
    """Fewer layers: every n-th of the base."""

    keep: ClassVar[tuple[int, ...]]

    def model(self, model: BilateralModel) -> BilateralModel:
        layers = model.encoder.encoder.layer
        model.encoder.encoder.layer = nn.ModuleList(layers[i] for i in self.keep)
        model.encoder.config.num_hidden_layers = len(self.keep)
        return model


class Distilled(Shallow):
    """Fewer layers, taught by the whole model that `shipped` left behind."""

    teacher: ClassVar[str] = "build/experiments/shipped"

    def model(self, model: BilateralModel) -> BilateralModel:
        student = super().model(model)
        teacher = BilateralModel.from_pretrained(self.teacher, dtype=torch.float32).eval()

        def teach(module: nn.Module, _: Any, inputs: dict[str, Any], output: Any) -> None:
            if output.loss is not None and module.training:
                with torch.no_grad():
                    known = teacher(**{k: v for k, v in inputs.items() if not k.endswith("_labels")})
                output.loss = output.loss + distillation_loss(output, known, inputs)

        student.register_forward_hook(teach, with_kwargs=True)
        return student


def distillation_loss(student: Any, teacher: Any, inputs: dict[str, Tensor]) -> Tensor:
    """How far the student's sector probabilities and word tags are from the teacher's (Hinton et al., 2015)."""
    asked = (inputs["sector_labels"] != modeling.IGNORED).float()
    sectors = nn.functional.binary_cross_entropy_with_logits(
        student.sector_logits, torch.sigmoid(teacher.sector_logits.float()), reduction="none"
    )
    words = inputs["tag_labels"] != modeling.IGNORED
    tags = nn.functional.kl_div(
        student.tag_logits[words].float().log_softmax(-1),
        teacher.tag_logits[words].float().log_softmax(-1),
        log_target=True,
        reduction="batchmean",
    )
    return modeling._SECTOR_WEIGHT * (sectors * asked).sum() / asked.sum() + tags


class depth_8(Shallow):
    """8 of the 12 layers."""

    keep = (0, 1, 3, 4, 6, 7, 9, 11)


class depth_6(Shallow):
    """6 of the 12 layers."""

    keep = (1, 3, 5, 7, 9, 11)


class depth_4(Shallow):
    """4 of the 12 layers."""

    keep = (2, 5, 8, 11)


class depth_6_distilled(Distilled):
    """6 of the 12 layers, with distillation from the 12."""

    keep = depth_6.keep


class depth_4_distilled(Distilled):
    """4 of the 12 layers, with distillation from the 12."""

    keep = depth_4.keep


class crf(Variant):
    """BIO tags under a CRF with learned transitions."""

    def model(self, model: BilateralModel) -> BilateralModel:
        self.layer = model.crf = TagCRF(1 + 2 * len(model.config.entity_labels))
        return model

    def patches(self) -> AbstractContextManager[Any]:
        plain = modeling._token_loss

        def loss(logits: Tensor, labels: Tensor) -> Tensor:
            crf = logits.shape[-1] == len(self.layer.transitions)
            return self.layer.loss(logits, labels) if crf else plain(logits, labels)

        stack = ExitStack()
        stack.enter_context(mock.patch.object(modeling, "_token_loss", loss))
        stack.enter_context(mock.patch.object(decoding, "viterbi", lambda *args: self.layer.viterbi(*args)))
        return stack


class vocabulary_8k(Variant):
    """A base of 8,674 pieces, the best 8,000 and every character (`make_base.py --out build/base-8k --pieces 8000`)."""

    recipe: ClassVar[dict[str, Any]] = {"start": "build/base-8k"}


class vocabulary_words(Variant):
    """A base with 4,000 whole words more (`make_base.py --out build/base-words --words 4000`)."""

    recipe: ClassVar[dict[str, Any]] = {"start": "build/base-words"}


class word_embeddings(Variant):
    """Word embeddings are trained too."""

    recipe: ClassVar[dict[str, Any]] = {"freeze_word_embeddings": False}


class slower(Variant):
    """Two thirds of the encoder's learning rate."""

    recipe: ClassVar[dict[str, Any]] = {"encoder_lr": 2e-4}


class faster(Variant):
    """Five thirds of the encoder's learning rate."""

    recipe: ClassVar[dict[str, Any]] = {"encoder_lr": 5e-4}


class small_batches(Variant):
    """Batches of 4 windows instead of 8: twice the steps at the same cost."""

    recipe: ClassVar[dict[str, Any]] = {"batch_size": 4}


class own_only(Variant):
    """Our own corpus alone, without real articles."""

    def data(self, data: Data) -> Data:
        return Data(data.own, ())


class real_only(Variant):
    """Real articles alone (validated as the others are)."""

    def data(self, data: Data) -> Data:
        return Data(tuple(a for a in data.own if a.split != "train"), data.optional)


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


def focal(logits: Tensor, labels: Tensor) -> Tensor:
    """Asymmetric focal loss: easy negatives count less (Ridnik et al., 2021, ASL; gamma 1 and 3, no margin)."""
    asked = labels != modeling.IGNORED
    gold = labels.clamp_min(0).float()
    p = torch.sigmoid(logits)
    cross_entropy = nn.functional.binary_cross_entropy_with_logits(logits, gold, reduction="none")
    weight = gold * (1 - p) + (1 - gold) * p**3
    # Twice as heavy as plain cross-entropy, since focusing makes it smaller.
    return 2 * modeling._SECTOR_WEIGHT * (weight.detach() * cross_entropy * asked).sum() / asked.sum().clamp_min(1)


class focal_loss(Variant):
    """Asymmetric focal loss for the sectors, so that rare ones count more."""

    def patches(self) -> AbstractContextManager[Any]:
        return mock.patch.object(modeling, "_sector_loss", focal)


class heavy_sectors(Variant):
    """Sector loss three times as heavy beside the entity loss."""

    def patches(self) -> AbstractContextManager[Any]:
        return mock.patch.object(modeling, "_SECTOR_WEIGHT", 3 * modeling._SECTOR_WEIGHT)
