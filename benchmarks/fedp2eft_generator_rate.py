"""Which learning rate of FedP2EFT's generator follows the scales of clients, and which overshoots: no model, no text.

    python -m benchmarks.fedp2eft_generator_rate --layers 210 --rounds 8

A step of Adam moves every weight by about its rate, and a scale by the sum over a hidden layer that is twice as wide as
the statistics are many: so the rate that serves four layers breaks at 210. Made-up clients have statistics of rank five
and scales of their own near 0.1 to 0.5; in a round each finds scales at most 0.4 nearer to its own. Prints, by rate,
the mean distance from a client's own scales after the rounds, for clients that took part and others, and the largest
scale given. Seconds a rate.
"""

from __future__ import annotations

import argparse

import torch

from model_adapters.methods.fedp2eft.federation import Returned, Rounds, average
from model_adapters.methods.fedp2eft.strategy_generator import StrategyGenerator, imitate

RANKS, SEEN, UNSEEN, STEPS, REACH = 8, 6, 3, 10, 0.4


def follow(layers: int, rounds: Rounds, rate: float) -> tuple[float, float, float]:
    """Error of seen clients, of unseen ones, and the largest scale given to any."""
    draws = torch.Generator().manual_seed(rounds.seed)
    width, size = 2 * layers + 1, layers * RANKS
    statistics = torch.randn(SEEN + UNSEEN, 5, generator=draws) @ torch.randn(5, width, generator=draws)
    statistics = (statistics - statistics[:SEEN].mean(dim=0)) / statistics[:SEEN].std(dim=0, correction=0)
    layer = 0.1 + 0.4 * torch.rand(layers, generator=draws)
    own = (layer * torch.exp(0.2 * torch.randn(SEEN + UNSEEN, layers, generator=draws))).repeat_interleave(RANKS, 1)
    state = dict(StrategyGenerator(width, size, rounds.seed).state_dict())
    for number in range(rounds.count):
        returned = []
        for client in map(int, rounds.drawn([str(each) for each in range(SEEN)], number)):
            mine = _of(state, width, size)
            with torch.no_grad():
                start = mine(statistics[client])
            found = start + (own[client] - start).clamp(-REACH, REACH)
            imitate(mine, statistics[client], found, rate, STEPS)
            returned.append(Returned({name: each.detach() for name, each in mine.state_dict().items()}, 1))
        state = average(returned)
    with torch.no_grad():
        given = torch.stack([_of(state, width, size)(each) for each in statistics])
    error = (given - own).abs().mean(dim=1)
    return float(error[:SEEN].mean()), float(error[SEEN:].mean()), float(given.max())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=210)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for rate in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 2e-2):
        each = [follow(given.layers, Rounds(given.rounds, 3, seed), rate) for seed in range(given.seeds)]
        print(f"{rate:.0e}  " + "   ".join(f"seen {a:.3f}, unseen {b:.3f}, largest {c:.2f}" for a, b, c in each))


def _of(state: dict[str, torch.Tensor], width: int, size: int) -> StrategyGenerator:
    made = StrategyGenerator(width, size, 0)
    made.load_state_dict(state)
    return made


if __name__ == "__main__":
    main()
