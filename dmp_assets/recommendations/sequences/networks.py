"""The networks (PyTorch): three ways to read a customer's weeks, and one head that tells repeats from new products.

Encoders, each in the form that reads sets of products week by week:

* `Caser`: convolutions over the weeks (Tang & Wang, WSDM 2018).
* `Gru4Rec`: a gated recurrent unit (Hidasi, Karatzoglou, Baltrunas & Tikk, ICLR 2016).
* `SasRec`: a Transformer whose newest week attends to all (Kang & McAuley, ICDM 2018).

The head is RepeatNet's (Ren, Chen, Li, Ren, Ma & de Rijke, AAAI 2019): with probability g the next product is one that the customer
has bought before, else it is a new one; g, the order of the repeats and the order of the new ones depend on the customer's state.
Where RepeatNet learns the repeats from the sequence alone, ours begin with the decayed frequencies that are so hard to beat here.
This module needs the extra `deep`; import it inside functions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dmp_assets.recommendations.sequences.weeks import HALF_LIVES_DAYS, WINDOW, Examples

DIMENSIONS = 32
DROPOUT = 0.3
_MASKED = -1e4


class Caser(nn.Module):
    """Convolutions over 1 to 8 weeks with the strongest answer of each, beside weighted sums of all weeks."""

    HEIGHTS = (1, 2, 4, 8)
    HORIZONTAL = 16
    VERTICAL = 4

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.horizontal = nn.ModuleList(nn.Conv1d(DIMENSIONS, self.HORIZONTAL, height) for height in self.HEIGHTS)
        self.vertical = nn.Linear(WINDOW, self.VERTICAL, bias=False)
        self.state = nn.Linear(self.HORIZONTAL * len(self.HEIGHTS) + self.VERTICAL * DIMENSIONS, DIMENSIONS)

    def forward(self, steps: Tensor) -> Tensor:
        """Return the states, examples x DIMENSIONS, of steps, examples x WINDOW x DIMENSIONS."""
        by_dimension = steps.transpose(1, 2)
        strongest = [functional.relu(layer(by_dimension)).amax(2) for layer in self.horizontal]
        return functional.relu(self.state(torch.cat([*strongest, self.vertical(by_dimension).flatten(1)], 1)))


class Gru4Rec(nn.Module):
    """A gated recurrent unit; the state after the newest week."""

    def __init__(self) -> None:
        """Make the layer."""
        super().__init__()
        self.recurrent = nn.GRU(DIMENSIONS, DIMENSIONS, batch_first=True)

    def forward(self, steps: Tensor) -> Tensor:
        """Return the states, examples x DIMENSIONS, of steps, examples x WINDOW x DIMENSIONS."""
        return self.recurrent(steps)[0][:, -1]


class SasRec(nn.Module):
    """Self-attention with learned positions; the state of the newest week, to which every other one is in the past."""

    BLOCKS = 2
    HEADS = 2

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.position = nn.Parameter(torch.randn(WINDOW, DIMENSIONS) * 0.05)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                DIMENSIONS, self.HEADS, 2 * DIMENSIONS, DROPOUT, batch_first=True, norm_first=True
            )
            for _ in range(self.BLOCKS)
        )
        self.norm = nn.LayerNorm(DIMENSIONS)
        self.register_buffer("future", torch.triu(torch.ones(WINDOW, WINDOW, dtype=torch.bool), 1), persistent=False)

    def forward(self, steps: Tensor) -> Tensor:
        """Return the states, examples x DIMENSIONS, of steps, examples x WINDOW x DIMENSIONS."""
        states = steps + self.position
        for block in self.blocks:
            states = block(states, src_mask=self.future)
        return self.norm(states[:, -1])


ENCODERS: dict[str, type[nn.Module]] = {"caser": Caser, "gru4rec": Gru4Rec, "sasrec": SasRec}


class SequenceModel(nn.Module):
    """An encoder of weeks between the products' vectors and the head."""

    def __init__(self, strategy: str, items: int) -> None:
        """Make the layers for a vocabulary of `items` products; random numbers come from torch's generator."""
        super().__init__()
        self.items = items
        # One vector more: the products outside the vocabulary share it.
        self.product = nn.Embedding(items + 1, DIMENSIONS)
        nn.init.normal_(self.product.weight, std=0.05)
        self.size = nn.Linear(1, DIMENSIONS)
        self.encoder = ENCODERS[strategy]()
        self.dropout = nn.Dropout(DROPOUT)
        self.mode = _zeros(nn.Linear(DIMENSIONS, 1))
        self.half_life = _zeros(nn.Linear(DIMENSIONS, len(HALF_LIVES_DAYS)))
        nn.init.constant_(self.half_life.bias, 1 / len(HALF_LIVES_DAYS))
        self.repeat_bias = nn.Parameter(torch.zeros(items + 1))
        self.new = nn.Linear(DIMENSIONS, DIMENSIONS, bias=False)
        self.new_bias = nn.Parameter(torch.zeros(items))

    def states(self, examples: Examples) -> Tensor:
        """Return the customers' states: examples x DIMENSIONS."""
        step, item = torch.as_tensor(examples.step), torch.as_tensor(examples.item)
        sums = torch.zeros(examples.size * WINDOW, DIMENSIONS).index_add(0, step, self.product(item))
        sizes = torch.bincount(step, minlength=examples.size * WINDOW)[:, None].float()
        steps = sums / sizes.clamp(min=1) + self.size(torch.log1p(sizes))
        return self.encoder(self.dropout(steps.view(examples.size, WINDOW, DIMENSIONS)))

    def forward(self, examples: Examples, popularity: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logarithms of the probabilities: of each candidate, and of each new product (examples x items).

        Args:
            examples: see `weeks.Examples`.
            popularity: of the items in each example's week: examples x items, see `weeks.Weeks`.
        """
        states = self.dropout(self.states(examples))
        mode = self.mode(states)[:, 0]
        example, item = torch.as_tensor(examples.candidate_example), torch.as_tensor(examples.candidate_item)
        repeats = (torch.as_tensor(examples.candidate_features) * self.half_life(states)[example]).sum(1)
        repeats = repeats + self.repeat_bias[item]
        repeats = repeats - _log_sum(repeats, example, examples.size)[example] + functional.logsigmoid(mode)[example]
        new = self.new(states) @ self.product.weight[:-1].T + self.new_bias + popularity
        is_common = item < self.items
        new = new.index_put((example[is_common], item[is_common]), torch.tensor(_MASKED))
        return repeats, functional.log_softmax(new, 1) + functional.logsigmoid(-mode)[:, None]


def _zeros(layer: nn.Linear) -> nn.Linear:
    """Return the layer with all weights 0: it begins without an opinion."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _log_sum(values: Tensor, group: Tensor, groups: int) -> Tensor:
    """Return the logarithm of the sum of the exponentials of each group's values."""
    highest = torch.full((groups,), _MASKED).scatter_reduce(0, group, values.detach(), "amax")
    sums = torch.zeros(groups).index_add(0, group, torch.exp(values - highest[group]))
    return torch.log(sums.clamp(min=1e-30)) + highest
