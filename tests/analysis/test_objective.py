from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tbtools.analysis.objective import objective_of, objectives_of, parse_objectives, words
from tbtools.errors import InvalidObjective, TbtoolsError


def _tags(text: str) -> list[str]:
    return text.split()


DOWN = _tags("""
    loss train/loss Loss/train val_loss valLoss epoch_loss train_loss_epoch loss/total mlogloss
    cross_entropy xent nll negative_log_likelihood perplexity eval/ppl val/bpb mse RMSE
    word_error_rate test.wer accuracy_loss reward/loss FID metrics/eval_lpips error err top1_error
    brier_score_loss Loss/duration_loss
""")
UP = _tags("""
    accuracy Accuracy/train acc val_acc epoch_sparse_categorical_accuracy top-1 top5 acc_top5 F1
    metrics/mAP_0.5 mIoU dice test/auroc bleu ROUGE-L rollout/ep_rew_mean charts/episodic_return
    AverageEpRet episode/reward_mean score win_rate log_likelihood neg_mean_squared_error psnr R2
""")
NEITHER = _tags("""
    lr learning_rate lr-Adam epoch global_step fps samples_per_second gpu/memory grad_norm
    loss_scale reward_std policy_loss losses/value_loss D_loss loss/generator G/loss
    netD entropy approx_kl kl_loss train/reg_loss loss_regularization qf1_loss td_error
    alpha_loss explained_variance
    weights/summaries/mean accuracy_count loss/weight value episode_length acc_mean_pos steps
""")


@pytest.mark.parametrize(
    ("tag", "objective"),
    [(tag, "min") for tag in DOWN]
    + [(tag, "max") for tag in UP]
    + [(tag, "none") for tag in NEITHER],
)
def test_direction_by_the_words_of_the_tag(tag: str, objective: str) -> None:
    assert objective_of(tag) == objective


def test_words_are_split_at_every_style_of_break() -> None:
    assert words("trainLoss/Val_top-1.F1") == ["train", "loss", "val", "top1", "f1"]


def test_a_sum_of_moving_targets_has_no_objective() -> None:
    tags = ["losses/loss", "losses/policy_loss", "episode/reward_mean", "val/accuracy"]
    assert list(objectives_of(tags).values()) == ["none", "none", "max", "max"]
    assert objectives_of(["loss", "kl_loss"])["loss"] == "min"  # a regulariser is no player


def test_overrides_hold_over_words_and_the_last_that_matches_wins() -> None:
    tags = ["a/loss", "b/loss", "speed", "policy_loss"]
    found = objectives_of(tags, {"*": "none", "*loss": "max", "b/*": "min", "policy_loss": "min"})
    assert found == {"a/loss": "max", "b/loss": "min", "speed": "none", "policy_loss": "min"}


def test_overrides_match_with_case_and_the_whole_tag() -> None:
    assert objectives_of(["Speed", "speed"], {"speed": "max"}) == {"Speed": "none", "speed": "max"}
    assert objectives_of(["my/speed"], {"speed": "max"}) == {"my/speed": "none"}


def test_rules_as_the_command_line_gives_them() -> None:
    assert parse_objectives(["loss/*=min", "a=b=max"]) == {"loss/*": "min", "a=b": "max"}


@pytest.mark.parametrize("rule", ["loss", "loss=", "=min", "loss=down", "loss=MIN", ""])
def test_a_rule_that_says_nothing_is_refused_by_name(rule: str) -> None:
    with pytest.raises(InvalidObjective, match="GLOB=min, GLOB=max or GLOB=none") as caught:
        parse_objectives([rule])
    assert repr(rule) in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TbtoolsError)


def test_an_override_that_says_nothing_is_refused() -> None:
    with pytest.raises(InvalidObjective, match="lower"):
        objectives_of(["loss"], {"loss": "lower"})  # type: ignore[dict-item]


@given(st.text())
def test_any_tag_has_an_answer(tag: str) -> None:
    assert objective_of(tag) in {"min", "max", "none"}


@given(st.sampled_from(DOWN + UP), st.sampled_from(["step", "epoch", "batch", "0", "mean"]))
def test_what_an_average_is_taken_over_changes_nothing(tag: str, over: str) -> None:
    assert objective_of(f"{tag}/{over}") == objective_of(tag)
