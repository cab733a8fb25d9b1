from pathlib import Path

import pytest
import torch

from model_adapters.methods.capacity_control.state import State, load_state, save_state


def stepped(steps: int) -> tuple[State, torch.optim.AdamW]:
    torch.manual_seed(0)
    parameters = {"b": torch.nn.Parameter(torch.randn(3)), "a": torch.nn.Parameter(torch.randn(2, 2))}
    optimizer = torch.optim.AdamW(parameters.values(), lr=0.1)
    state = State(0, dict(parameters), {name: each.detach().clone() for name, each in parameters.items()})
    for step in range(steps):
        optimizer.zero_grad()
        sum((each * (step + 1)).pow(2).sum() for each in parameters.values()).backward()
        optimizer.step()
        state.step += 1
        state.curve.append((step + 1.0, 0.1 + step, 4.0, float("nan"), 0.1))
    return state, optimizer


def test_what_comes_back_goes_on_bit_for_bit(tmp_path: Path) -> None:
    state, optimizer = stepped(3)
    state.scaler = {"scale": 1024.0}
    save_state(tmp_path / "state.safetensors", state, optimizer)
    fresh, other = stepped(0)
    load_state(tmp_path / "state.safetensors", fresh, other)
    assert fresh.step == 3 and fresh.scaler == {"scale": 1024.0}
    assert [row[:3] for row in fresh.curve] == [row[:3] for row in state.curve]
    for each in (state, fresh):
        for parameter in each.parameters.values():
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    other.step()
    assert all(torch.equal(state.parameters[name], fresh.parameters[name]) for name in "ab")
    assert all(torch.equal(state.average[name], fresh.average[name]) for name in "ab")


def test_nothing_is_read_where_nothing_was_saved(tmp_path: Path) -> None:
    state, optimizer = stepped(0)
    load_state(tmp_path / "state.safetensors", state, optimizer)
    assert state.step == 0 and not optimizer.state


def test_a_kill_while_writing_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, optimizer = stepped(1)
    path = tmp_path / "state.safetensors"
    save_state(path, state, optimizer)
    before = path.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        save_state(path, *stepped(2))
    assert path.read_bytes() == before
