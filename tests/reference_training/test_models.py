from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_training.config import TrainConfig
from reference_training.distributed import World
from reference_training.encode import SAMPLE_RATE, loss_sound
from reference_training.models import architecture, build
from reference_training.models.lora import LowRank, adapt, merge
from reference_training.models.perceptron import Perceptron
from reference_training.models.transformer import SIZES, VOCABULARY, Transformer, TransformerShape
from reference_training.optimizer import adamw, clip_gradient
from reference_training.pictures import confusion, confusion_picture, landscape, surface, tiles
from reference_training.recipes.language import validation_loss
from reference_training.schedule import learning_rate


def tiny() -> Transformer:
    torch.manual_seed(0)
    return Transformer(TransformerShape(vocabulary=50, **SIZES["tiny"]))


# ------------------------------------------------------------------ models


def test_gpt2_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        model = Transformer(TransformerShape(vocabulary=VOCABULARY["gpt2"], **SIZES["gpt2"]))
    # 124,439,808 of GPT-2's checkpoint, and 47 more tokens of 768 numbers (50,257 to 50,304).
    assert sum(each.numel() for each in model.parameters()) == 124_439_808 + 47 * 768
    # PaLM, appendix B, by hand: 6 * (N - 1024 * 768) + 12 * 12 * 768 * 1024.
    assert model.flops_per_token() == 6 * (124_475_904 - 786_432) + 113_246_208


def test_a_token_does_not_see_those_behind_it() -> None:
    model = tiny()
    tokens = torch.randint(50, (1, 32), generator=torch.Generator().manual_seed(0))
    changed = tokens.clone()
    changed[0, 20:] = (changed[0, 20:] + 1) % 50
    with torch.no_grad():
        before, after = model(tokens), model(changed)
    assert torch.equal(before[0, :20], after[0, :20])
    assert not torch.allclose(before[0, 20:], after[0, 20:])


def test_the_loss_is_the_cross_entropy_of_the_logits() -> None:
    model = tiny()
    tokens = torch.randint(50, (2, 9), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, loss = model(tokens[:, :-1]), model(tokens[:, :-1], tokens[:, 1:])
    chances = logits.double().softmax(-1).gather(2, tokens[:, 1:, None])
    assert float(loss) == pytest.approx(float(-chances.log().mean()), rel=1e-6)
    assert float(loss) == pytest.approx(math.log(50), rel=0.02)  # it knows nothing yet


def test_generated_tokens_follow_the_prompt_and_touch_no_other_random_numbers() -> None:
    model = tiny().eval()
    state = torch.get_rng_state()
    prompt = torch.tensor([3, 1, 4])

    def sample(seed: int) -> torch.Tensor:
        return model.generate(prompt, 40, torch.Generator().manual_seed(seed), limit=10)

    tokens = sample(0)
    assert torch.equal(sample(0), tokens)
    assert not torch.equal(sample(1), tokens)
    assert len(tokens) == 43
    assert torch.equal(tokens[:3], prompt)
    assert int(tokens[3:].max()) < 10
    assert torch.equal(torch.get_rng_state(), state)


def test_a_model_of_nan_generates_nothing() -> None:
    model = tiny()
    with torch.no_grad():
        model.norm.weight.fill_(math.nan)
    assert model.generate(torch.tensor([1]), 5, torch.Generator()).tolist() == [1]


@pytest.mark.parametrize("model", [Perceptron([4, 3, 2]), tiny()])
def test_a_model_is_built_anew_from_its_architecture(model: Perceptron | Transformer) -> None:
    again = build(architecture(model))
    assert type(again) is type(model)
    again.load_state_dict(model.state_dict())


def test_an_adapter_changes_nothing_at_first_and_learns_alone() -> None:
    model, tokens = tiny(), torch.arange(20)[None]
    before = model(tokens)
    adapt(model, rank=2)
    assert torch.equal(model(tokens), before)
    learning = {name for name, each in model.named_parameters() if each.requires_grad}
    assert learning
    assert all(name.endswith((".up", ".down")) for name in learning)
    adapters = [each for each in model.modules() if isinstance(each, LowRank)]
    assert len(adapters) == 2 * 4
    assert adapters[0].down.shape == (2, 32)
    assert adapters[0].up.shape == (96, 2)


def test_merged_adapters_compute_the_same() -> None:
    model, tokens = tiny(), torch.arange(20)[None]
    adapt(model, rank=2)
    for each in model.modules():
        if isinstance(each, LowRank):
            torch.nn.init.normal_(each.up, std=0.1)
    with torch.no_grad():
        adapted = model(tokens)
        merge(model)
        merged = model(tokens)
    assert not any(isinstance(each, LowRank) for each in model.modules())
    assert torch.allclose(adapted, merged, atol=1e-5)
    assert model.state_dict().keys() == tiny().state_dict().keys()


def test_a_validation_loss_is_the_mean_over_its_windows() -> None:
    model = tiny().eval()
    tokens = torch.randint(50, (500,), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        loss = validation_loss(model, tokens, 8, 4, World())
        starts = torch.linspace(0, 500 - 32 - 1, 8, dtype=torch.float64).long().tolist()
        each = [
            float(model(tokens[None, at : at + 32], tokens[None, at + 1 : at + 33]))
            for at in starts
        ]
    assert loss == pytest.approx(sum(each) / 8, rel=1e-5)


# ------------------------------------------------------------------ schedule and optimizer


def test_the_learning_rate_rises_then_falls_along_a_cosine() -> None:
    config = TrainConfig(logdir=None, learning_rate=2.0, warmup_steps=4, final_learning_rate=0.1)  # type: ignore[arg-type]
    rates = [learning_rate(step, 24, config) for step in range(1, 25)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[13] == pytest.approx(2.0 * 0.55)  # half way: the mean of both ends
    assert rates[23] == pytest.approx(0.2)
    assert all(later < earlier for earlier, later in pairwise(rates[3:]))


def test_a_constant_learning_rate_is_one() -> None:
    config = TrainConfig(logdir=None, schedule="constant")  # type: ignore[arg-type]
    assert {learning_rate(step, 9, config) for step in range(1, 10)} == {1e-3}


def test_only_matrices_decay() -> None:
    model = Perceptron([3, 2, 1])
    optimizer = adamw(model, 0.1, weight_decay=0.5)
    decays = {
        each.dim(): group["weight_decay"]
        for group in optimizer.param_groups
        for each in group["params"]
    }
    assert decays == {2: 0.5, 1: 0.0}


@pytest.mark.parametrize("maximum", [0.0, 0.5])
def test_the_norm_is_measured_before_clipping(maximum: float) -> None:
    model = Perceptron([3, 2])
    model(torch.ones(1, 3)).sum().backward()
    gradients = [each.grad for each in model.parameters()]
    norm = math.sqrt(
        sum(float(each.double().square().sum()) for each in gradients if each is not None)
    )
    assert float(clip_gradient(model, maximum)) == pytest.approx(norm)
    clipped = math.sqrt(sum(float(each.square().sum()) for each in gradients if each is not None))
    assert clipped == pytest.approx(min(norm, maximum or norm), rel=1e-4)


# ------------------------------------------------------------------ pictures and sounds


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_a_confusion_matrix_counts_pairs(pairs: list[tuple[int, int]]) -> None:
    truth, guess = torch.tensor(pairs).unbind(1)
    matrix = confusion(truth, guess, 4)
    assert {(i, j): int(matrix[i, j]) for i in range(4) for j in range(4)} == {
        (i, j): pairs.count((i, j)) for i in range(4) for j in range(4)
    }


def test_a_confusion_picture_is_dark_where_the_class_went() -> None:
    picture = confusion_picture(torch.tensor([[9, 1], [0, 10]])).astype(int).sum(2)
    cells = [[picture[28 * (r + 1) + 3, 28 * (c + 1) + 3] for c in range(2)] for r in range(2)]
    assert cells[0][0] < cells[0][1]
    assert cells[1][1] < cells[0][0]
    assert cells[1][0] == 3 * 255


def test_tiles_are_scaled_and_in_order() -> None:
    sheet = tiles(torch.arange(6).view(6, 1, 1).float(), columns=3)
    assert sheet.shape == (3, 5)
    assert sheet[::2, ::2].tolist() == [[0, 51, 102], [153, 204, 255]]
    assert sheet[1].tolist() == [0] * 5


def test_a_landscape_is_around_the_weights_and_leaves_them() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    before = model.weight.detach().clone()
    heights = landscape(
        model,
        lambda: float((model.weight - before).square().sum()),
        points=5,
        radius=1.0,
        generator=torch.Generator().manual_seed(0),
    )
    assert heights[2, 2] == heights.min() == pytest.approx(0, abs=1e-12)
    # A direction has the norm of the weights, so half a radius away is a quarter of its square.
    assert heights[3, 2] == pytest.approx(0.25 * float(before.square().sum()), rel=1e-4)
    assert torch.equal(model.weight, before)


def test_a_surface_has_two_triangles_a_cell() -> None:
    heights = np.array([[1, 10, 100], [1, 1, np.nan]], dtype=np.float32)
    vertices, colours, triangles = surface(heights)
    assert vertices.shape == colours.shape == (1, 6, 3)
    assert triangles.shape == (1, 4, 3)
    assert sorted(set(triangles.flatten())) == [*range(6)]
    assert vertices.min() == -1
    assert vertices.max() == 1
    assert np.isfinite(vertices).all()


def test_a_falling_loss_is_a_falling_tone() -> None:
    sound = loss_sound([4, 3, 2, 1])
    quarters = np.split(sound.astype(np.float64), 4)
    pitches = [np.abs(np.fft.rfft(part)).argmax() * SAMPLE_RATE / len(part) for part in quarters]
    assert pitches == sorted(pitches, reverse=True)
    assert pitches[0] == pytest.approx(1760, rel=0.01)
    assert pitches[-1] == pytest.approx(220, rel=0.01)


@settings(deadline=None)
@given(st.lists(st.floats(width=32), max_size=20))
def test_any_losses_make_a_sound_within_bounds(losses: list[float]) -> None:
    sound = loss_sound(losses)
    assert len(sound) == 2 * SAMPLE_RATE
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1


def test_a_loss_that_is_not_finite_is_silent() -> None:
    assert not loss_sound([1.0, math.nan])[SAMPLE_RATE:].any()
    assert loss_sound([1.0, math.nan])[:SAMPLE_RATE].any()
