"""A linear-chain CRF over the words' tags (Lafferty et al., 2001), to compare with BIO tags decoded under constraints."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bilateral_nlp.modeling import IGNORED

#: The score of a transition that BIO forbids.
FORBIDDEN = -1e4


def allowed(tags: int) -> Tensor:
    """(tags, tags) 0 where the second tag may follow the first, else `FORBIDDEN`; tags O, B-0, I-0, B-1, I-1 …"""
    mask = torch.zeros(tags, tags)
    for inside in range(2, tags, 2):
        mask[:, inside] = FORBIDDEN
        mask[inside - 1, inside] = mask[inside, inside] = 0.0
    return mask


class TagCRF(nn.Module):
    """Learned transition scores; the words of a window are one sequence."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.register_buffer("mask", allowed(tags), persistent=False)

    def scores(self) -> Tensor:
        return self.transitions + self.mask

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Negative log-likelihood per word; ``logits`` (B, T, K), ``labels`` (B, T) with `IGNORED` off the words."""
        emissions, gold, asked = _words(logits.float(), labels)
        transitions = self.scores()
        step = emissions[:, 0]
        step = (
            step
            + FORBIDDEN * (torch.arange(step.shape[1]) % 2 == 0).float() * (torch.arange(step.shape[1]) > 0).float()
        )
        path = step.gather(1, gold[:, :1]).squeeze(1)
        for i in range(1, emissions.shape[1]):
            following = torch.logsumexp(step[:, :, None] + transitions, dim=1) + emissions[:, i]
            step = torch.where(asked[:, i, None], following, step)
            moved = transitions[gold[:, i - 1], gold[:, i]] + emissions[:, i].gather(1, gold[:, i : i + 1]).squeeze(1)
            path = path + torch.where(asked[:, i], moved, torch.zeros_like(moved))
        return (torch.logsumexp(step, 1) - path).sum() / asked.sum()

    def viterbi(self, log_probabilities: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,) the best tags; stands in for `bilateral_nlp.decoding.viterbi`."""
        transitions = self.scores().detach().numpy().astype(np.float64)
        path = np.zeros(len(groups), dtype=np.int64)
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            best = log_probabilities[rows[0]].astype(np.float64)
            best[2::2] = -np.inf
            back = []
            for row in rows[1:]:
                total = best[:, None] + transitions
                back.append(total.argmax(0))
                best = total.max(0) + log_probabilities[row]
            path[rows[-1]] = best.argmax()
            for row, pointer in zip(rows[-2::-1], reversed(back), strict=True):
                path[row] = pointer[path[row + 1]]
        return path


def _words(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The labelled positions moved to the front: emissions (B, W, K), gold (B, W), asked (B, W)."""
    asked = labels != IGNORED
    order = torch.argsort((~asked).int(), dim=1, stable=True)[:, : int(asked.sum(1).max())]
    emissions = logits.gather(1, order[..., None].expand(-1, -1, logits.shape[-1]))
    return emissions, labels.gather(1, order).clamp_min(0), asked.gather(1, order)
