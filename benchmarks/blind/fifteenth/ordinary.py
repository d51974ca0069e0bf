"""Sound jobs of shapes that are seen less often, or that look like trouble and are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blind.eighth.making import cosine, linear
from benchmarks.blind.fifteenth.making import SURE, abouts, epochs, nears, shares, since
from benchmarks.blind.fifteenth.registry import healthy
from benchmarks.blind.fourteenth.making import about, averaged, hugging, near, scores, settling
from benchmarks.blind.shapes import approach, logistic, power_law, times, whole
from benchmarks.blind.shapes import steps as stepping
from benchmarks.blind.thirteenth.making import at, every, half_cosine

if TYPE_CHECKING:
    from benchmarks.blind.runs import Log

    Rng = np.random.Generator


@healthy(
    "remainders-are-grasped",
    "Grokking: validation is at chance for long, then perfect.",
    tolerated=SURE,
    monitored=False,
)
def remainders(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 500)
    t, steps = times(n), stepping(n, 100)
    place = rng.uniform(0.45, 0.65)
    late = logistic(t, 0, 1, place, 0.035)
    early = 1 - np.exp(-t / 0.02)
    nears(
        log,
        rng,
        steps,
        {
            "loss/train": (4.6 * np.exp(-np.minimum(t / 0.025, 9)), 0.15),
            "loss/val": ((4.6 + 9 * early) * (1 - late) + 0.004, 0.05),
        },
    )
    shares(
        log, rng, steps, 4000, {"acc/train": 0.01 + 0.99 * early, "acc/val": 0.01 + 0.985 * late}
    )


@healthy(
    "double-descent-in-epochs",
    "Test error rises in the middle and ends below its first dip.",
    tolerated=("plateau", "overfitting"),
)
def double_descent(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 600)
    t, steps = times(n), epochs(n)
    hump = 0.07 * np.exp(-(((t - 0.25) / 0.09) ** 2))
    wrong = 0.30 + 0.5 * np.exp(-t / 0.03) + hump - 0.09 * (1 - np.exp(-t / 0.4))
    near(log, rng, "Error/train", steps, 0.002 + 0.7 * np.exp(-t / 0.12), 0.04)
    about(log, rng, "Error/test", steps, wrong, 0.004)
    log.add("LR", steps, 1e-4)


@healthy(
    "warmed-again-for-new-texts", "Continued pre-training: loss rises with the rate, then falls."
)
def warmed_again(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 700)
    t, steps = times(n), stepping(n, 20)
    loss = 2.15 - 0.24 * (1 - np.exp(-3 * t)) + 0.09 * np.exp(-(((t - 0.06) / 0.04) ** 2))
    near(log, rng, "train/loss", steps, loss, 0.012)
    near(log, rng, "train/grad_norm", steps, 0.5, 0.15)
    log.add("train/learning_rate", steps, cosine(t, 1e-4, 0.06))
    seen = every(steps, 16)
    about(log, rng, "eval/loss", seen, at(seen, steps, loss) + 0.02, 0.004)


@healthy(
    "patience-has-run-out",
    "YOLO stopped itself after a hundred epochs without gain.",
    tolerated=("plateau", "overfitting"),
)
def patience(log: Log, rng: Rng) -> None:
    n = int(rng.integers(130, 181))
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-12 * t)
    abouts(
        log,
        rng,
        steps,
        {
            "metrics/mAP50(B)": (0.86 * known, 0.008),
            "metrics/mAP50-95(B)": (0.6 * known, 0.005),
            "metrics/precision(B)": (0.2 + 0.66 * known, 0.018),
            "metrics/recall(B)": (0.15 + 0.65 * known, 0.015),
        },
    )
    nears(
        log,
        rng,
        steps,
        {
            "train/box_loss": (1.7 - 0.7 * known - 0.3 * t, 0.01),
            "val/box_loss": (1.7 - 0.5 * known, 0.012),
            "train/cls_loss": (2.8 - 1.9 * known - 0.4 * t, 0.012),
            "val/cls_loss": (2.7 - 1.8 * known, 0.02),
        },
    )
    log.add("lr/pg0", steps, 0.01 * (1 - 0.5 * t))


@healthy(
    "cheetah-by-soft-actor",
    "ent_coef falls two decades, values grow: usual of SAC.",
    tolerated=SURE,
)
def cheetah(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 600)
    t, steps = times(n), stepping(n, 4000)
    learnt = 1 - np.exp(-4 * t)
    log.add("rollout/ep_rew_mean", steps, averaged(-200 + 9500 * learnt + rng.normal(0, 250, n), 8))
    log.add("rollout/ep_len_mean", steps, 1000.0)
    nears(
        log,
        rng,
        steps,
        {
            "train/ent_coef": (0.004 + 0.06 * learnt + np.exp(-t / 0.008), 0.05),
            "train/critic_loss": (0.6 + 28 * learnt, 0.3),
            "time/fps": (118, 0.02),
        },
    )
    abouts(
        log,
        rng,
        steps,
        {"train/ent_coef_loss": (0.0, 0.3), "train/actor_loss": (-8 - 640 * learnt, 8)},
    )
    log.add("train/learning_rate", steps, 3e-4)


@healthy(
    "pong-all-is-annealed", "Rate and clip range go to 0 linearly, as they should.", tolerated=SURE
)
def pong(log: Log, rng: Rng) -> None:
    n = whole(rng, 150, 1000)
    t, steps = times(n), stepping(n, 1024)
    learnt = logistic(t, 0, 1, 0.35, 0.07)
    about(log, rng, "charts/episodic_return", steps, -20.5 + 40.5 * learnt, 0.9)
    nears(
        log,
        rng,
        steps,
        {
            "losses/value_loss": (0.02 + 0.05 * learnt * (1 - learnt) * 4, 0.35),
            "losses/entropy": (1.78 - 0.9 * learnt, 0.02),
            "losses/approx_kl": (0.001 + 0.006 * (1 - t), 0.3),
            "charts/SPS": (1900, 0.01),
        },
    )
    log.add("charts/learning_rate", steps, 2.5e-4 * (1 - t * (1 - 1 / n)))


@healthy(
    "pictures-and-instructions",
    "LLaVA: level of a rough loss after the first hundred steps.",
    tolerated=SURE,
)
def instructions(log: Log, rng: Rng) -> None:
    n = whole(rng, 300, 1500)
    t, steps = times(n), stepping(n, 1)
    hugging(log, rng, steps, cosine(t, 2e-5, 0.03, 0), 1.3)
    near(log, rng, "train/loss", steps, 0.86 + 0.6 * np.exp(-t / 0.015) - 0.1 * t, 0.1)


@healthy(
    "checkpoints-every-hour", "Speed dips at each checkpoint and is as before at the next point."
)
def hourly(log: Log, rng: Rng) -> None:
    n = whole(rng, 200, 800)
    t, steps = times(n), stepping(n, 10)
    speed = np.where(np.arange(n) % 25 == 24, 0.55, 1.0)
    near(log, rng, "train/loss", steps, power_law(t, 9.8, 2.5, 0.5, 0.006), 0.012)
    near(log, rng, "throughput/tokens_per_sec", steps, 1.9e5 * speed, 0.015)
    near(log, rng, "throughput/step_time_s", steps, 2.7 / speed, 0.015)
    log.add("train/lr", steps, cosine(t, 3e-4, 0.01))
    near(log, rng, "train/grad_norm", steps, settling(t, 0.3), 0.15)


@healthy("norms-that-grow-a-little", "Weights and activations grow threefold; all else is good.")
def grow_a_little(log: Log, rng: Rng) -> None:
    n = whole(rng, 120, 700)
    t, steps = times(n), stepping(n, 50)
    nears(
        log,
        rng,
        steps,
        {
            "train/loss": (power_law(t, 8.8, 2.9, 0.5, 0.008), 0.012),
            "norms/weights": (120 * (1 + 2 * np.sqrt(t)), 0.001),
            "norms/activations": (1.0 + 2.3 * t, 0.04),
            "norms/grad": (settling(t, 0.5), 0.15),
        },
    )
    log.add("lr", steps, cosine(t, 1e-3, 0.02))


@healthy(
    "reaches-faster-and-faster", "Episodes get shorter as the arm gets better.", tolerated=SURE
)
def faster(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 400)
    t, steps = times(n), stepping(n, 5000)
    learnt = logistic(t, 0, 1, 0.3, 0.08)
    scores(log, rng, "rollout/success_rate", steps, 0.03 + 0.94 * learnt, 100)
    about(log, rng, "rollout/ep_rew_mean", steps, -49 + 40 * learnt, 1.2)
    near(log, rng, "rollout/ep_len_mean", steps, 50 - 35 * learnt, 0.03)
    nears(
        log,
        rng,
        steps,
        {"train/critic_loss": (0.05 + 0.2 * np.exp(-t / 0.1), 0.3), "time/fps": (95, 0.03)},
    )


@healthy(
    "speakers-with-growing-margin",
    "The margin is raised on a schedule, the loss with it; EER falls.",
    tolerated=("divergence", "plateau"),
    monitored=False,
)
def speakers(log: Log, rng: Rng) -> None:
    n = int(rng.integers(40, 101))
    t, steps = times(n), np.arange(1, n + 1)
    margin = 0.2 * np.clip((t - 0.15) / 0.25, 0, 1)
    near(
        log, rng, "train/aam_loss", steps, 2.0 + 7 * np.exp(-t / 0.06) + 9 * margin - 1.3 * t, 0.015
    )
    log.add("train/margin", steps, margin)
    about(log, rng, "valid/EER", steps, 1.3 + 9 * np.exp(-t / 0.15), 0.08)
    log.add("train/lr", steps, 0.1 * 10 ** (-3 * t))


@healthy(
    "pruned-in-ten-steps",
    "Accuracy dips at each pruning and comes back by training.",
    tolerated=("divergence", "plateau", "overfitting"),
)
def pruned(log: Log, rng: Rng) -> None:
    n = 100 + int(rng.integers(0, 41))
    t, steps = times(n), epochs(n)
    age = np.arange(n) % 10
    dip = np.where(np.arange(n) >= 10, 0.06 * np.exp(-age / 1.5), 0)
    right = 0.93 - 0.01 * t - dip - 0.25 * np.exp(-np.arange(n) / 2)
    scores(log, rng, "val/acc", steps, right, 10000)
    near(log, rng, "train/loss", steps, 0.08 + 1.2 * (0.94 - right), 0.04)
    log.add("sparsity", steps, np.minimum(np.arange(n) // 10 * 0.08, 0.8))


@healthy(
    "three-tasks-in-one",
    "Two losses fall and one is easy and level from the first epochs.",
    tolerated=SURE,
)
def three_tasks(log: Log, rng: Rng) -> None:
    n = int(rng.integers(40, 121))
    t, steps = times(n), epochs(n)
    known = 1 - np.exp(-3.5 * t)
    for part, more in (("train", 0.0), ("val", 0.08)):
        nears(
            log,
            rng,
            steps,
            {
                f"{part}/loss_depth": (0.9 + more - 0.5 * known, 0.02),
                f"{part}/loss_normals": (0.6 + more - 0.25 * known, 0.015),
                f"{part}/loss_edges": (0.11 + 0.1 * np.exp(-30 * t), 0.03),
                f"{part}/loss": (1.6 + 2 * more - 0.75 * known + 0.1 * np.exp(-30 * t), 0.015),
            },
        )
    about(log, rng, "val/delta1_acc", steps, 0.6 + 0.25 * known, 0.006)
    log.add("lr", steps, 1e-4 * half_cosine(t, 0, 0.01))


@healthy(
    "cut-off-by-the-time-limit", "Ended early by the queue, while all was still getting better."
)
def time_limit(log: Log, rng: Rng) -> None:
    n = int(rng.integers(20, 81))
    t, steps = times(n), stepping(n, 100)
    near(log, rng, "train/loss", steps, 7.1 - 3.4 * (1 - np.exp(-2 * t)), 0.015)
    log.add("train/lr", steps, cosine(0.15 * t, 3e-4, 0.02))
    near(log, rng, "train/grad_norm", steps, 0.9, 0.2)


@healthy("detr-hundred-epochs", "Slow at first; class_error is rough; a cut of the rate late.")
def detr(log: Log, rng: Rng) -> None:
    n = int(rng.choice([100, 150, 200]))
    t, steps = times(n), epochs(n)
    known = 0.85 * (1 - np.exp(-3 * t)) + 0.12 * (t >= 0.8)
    nears(
        log,
        rng,
        steps,
        {
            "train_loss": (22 - 14 * known, 0.012),
            "test_loss": (21 - 11.5 * known, 0.02),
            "train_loss_ce": (1.1 - 0.7 * known, 0.015),
            "train_loss_bbox": (0.09 - 0.06 * known, 0.015),
            "train_loss_giou": (1.2 - 0.75 * known, 0.012),
            "train_class_error": (88 - 62 * known, 0.05),
        },
    )
    about(log, rng, "test_coco_eval_bbox_AP", steps, 0.42 * known, 0.004)
    log.add("train_lr", steps, np.where(t >= 0.8, 1e-5, 1e-4))


@healthy("quantised-at-the-end", "Fake quantisation is switched on: a small bump that is won back.")
def quantised(log: Log, rng: Rng) -> None:
    n = int(rng.integers(60, 121))
    t, steps = times(n), epochs(n)
    bump = 0.12 * (t >= 0.6) * np.exp(-(t - 0.6).clip(0) / 0.05)
    loss = approach(t, 2.2, 0.5, 6) - 0.12 * t + bump
    near(log, rng, "train/loss", steps, loss, 0.015)
    near(log, rng, "val/loss", steps, loss + 0.12, 0.03)
    scores(log, rng, "val/top1", steps, 0.9 - 0.25 * loss, 5000)
    log.add("lr", steps, 0.01 * half_cosine(t, 0, 0.01))


@healthy(
    "translations-of-six-languages", "BLEU of each language at its own level; perplexities fall."
)
def translations(log: Log, rng: Rng) -> None:
    n = whole(rng, 100, 400)
    t, steps = times(n), stepping(n, 100)
    fall = 1 - np.exp(-5 * t)
    near(log, rng, "train/loss", steps, 7.6 - 4.4 * fall - 0.2 * t, 0.02)
    near(log, rng, "train/ppl", steps, 2 ** (7.6 - 4.4 * fall - 0.2 * t), 0.05)
    log.add("train/lr", steps, linear(t, 7e-4, 0.1))
    seen = every(steps, 15)
    slow = at(seen, steps, fall)
    for code, level in (("de", 27), ("fr", 35), ("cs", 19), ("ru", 22), ("zh", 24), ("hi", 12)):
        about(log, rng, f"valid/bleu_en-{code}", seen, level * slow, 0.35)


@healthy(
    "auction-of-two-agents",
    "Both learn: the reward of one falls as that of the other rises.",
    tolerated=("divergence", "plateau"),
    monitored=False,
)
def auction(log: Log, rng: Rng) -> None:
    n = whole(rng, 80, 300)
    t, steps = times(n), stepping(n, 1000)
    sway = 0.6 * np.sin(2 * np.pi * 3 * t) * since(t, 0.05)
    abouts(
        log,
        rng,
        steps,
        {
            "policy_reward_mean/agent_0": (0.4 + sway, 0.25),
            "policy_reward_mean/agent_1": (-0.4 - sway, 0.25),
        },
    )
    nears(
        log, rng, steps, {"episode_len_mean": (31, 0.05), "entropy/agent_0": (1.6 - 0.5 * t, 0.03)}
    )
