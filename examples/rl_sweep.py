"""Seven hundred policies learn to balance a pole, good and bad ones: logs to try tbtools on.

    python examples/rl_sweep.py logs [RUNS]

Advantage actor-critic with linear features, all runs at once in NumPy; the logs are written by
tensorboardX, under the names that Stable-Baselines3 has. Nothing is made up: rates that are too
high make critics diverge, and policies with them. It takes half a minute.
"""

from __future__ import annotations

import sys
from itertools import islice, product
from pathlib import Path

import numpy as np
from tensorboardX import SummaryWriter
from tensorboardX.summary import hparams

SEEDS = 10
GRID = {
    "learning_rate": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0],
    "critic_rate": [0.01, 0.03, 0.1, 0.3, 0.6],
    "gamma": [0.95, 0.99],
}
UPDATES, ENVIRONMENTS, HORIZON = 60, 4, 200

# The cart and pole of Barto, Sutton and Anderson (1983), in SI units.
GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
FAR, TILTED = 2.4, 12 * np.pi / 180


def settings(count: int) -> list[dict[str, float]]:
    """The hyperparameters of each run: all of the grid for one seed behind the other."""
    points = product(range(SEEDS), *GRID.values())
    return [dict(zip(("seed", *GRID), point, strict=True)) for point in islice(points, count)]


def pushed(state: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The state (position, speed, angle, angular speed; shape (..., 4)) after one push."""
    _, speed, angle, turning = np.moveaxis(state, -1, 0)
    mass, moment = CART + POLE, POLE * HALF_LENGTH
    push = np.where(right, FORCE, -FORCE)
    drive = (push + moment * turning**2 * np.sin(angle)) / mass
    inertia = HALF_LENGTH * (4 / 3 - POLE * np.cos(angle) ** 2 / mass)
    turn = (GRAVITY * np.sin(angle) - np.cos(angle) * drive) / inertia
    thrust = drive - moment * turn * np.cos(angle) / mass
    change = np.stack([speed, thrust, turning, turn], axis=-1)
    return state + SECONDS * change


def features(state: np.ndarray) -> np.ndarray:
    """The state in its own units and its squares, and a constant; shape (..., 9)."""
    scaled = state / np.array([FAR, 2.0, TILTED, 2.0])
    return np.concatenate([scaled, scaled**2, np.ones((*state.shape[:-1], 1))], axis=-1)


def train(runs: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """Trains all runs side by side; each scalar has the shape (UPDATES, runs)."""
    column = {name: np.array([run[name] for run in runs])[:, None] for name in runs[0]}
    dice = [np.random.default_rng(int(run["seed"])) for run in runs]
    actor = np.zeros((len(runs), 9))
    critic = np.zeros((len(runs), 9))
    logged: dict[str, list[np.ndarray]] = {}
    for _ in range(UPDATES):
        state = np.stack([die.uniform(-0.05, 0.05, (ENVIRONMENTS, 4)) for die in dice])
        chance = np.stack([die.random((HORIZON, ENVIRONMENTS)) for die in dice], axis=1)
        alive = np.ones(state.shape[:2], bool)
        steps = np.zeros(state.shape[:2])
        losses, policy_step = np.zeros(len(runs)), np.zeros_like(actor)
        entropy, count = np.zeros(len(runs)), np.zeros(len(runs))
        value_step = np.zeros_like(critic)
        for time in range(HORIZON):
            seen = features(state)
            right_odds = 1 / (1 + np.exp(-np.einsum("ref,rf->re", seen, actor)))
            right = chance[time] < right_odds
            state = np.where(alive[..., None], pushed(state, right), state)
            on = (np.abs(state[..., 0]) < FAR) & (np.abs(state[..., 2]) < TILTED)
            follows = np.einsum("ref,rf->re", features(state), critic) * on
            error = 1 + column["gamma"] * follows - np.einsum("ref,rf->re", seen, critic)
            error = np.where(alive, error, 0)
            policy_step += np.einsum("re,ref->rf", error * (right - right_odds), seen)
            value_step += np.einsum("re,ref->rf", error, seen)
            losses += (error**2).sum(1)
            sure = np.clip(right_odds, 1e-9, 1 - 1e-9)
            chaos = -(sure * np.log(sure) + (1 - sure) * np.log(1 - sure))
            entropy += np.where(alive, chaos, 0).sum(1)
            count += alive.sum(1)
            steps += alive
            alive &= on
        actor = actor + column["learning_rate"] * policy_step / count[:, None]
        critic = critic + column["critic_rate"] * value_step / count[:, None] * 20
        scalars = {
            "rollout/ep_rew_mean": steps.mean(1),
            "train/value_loss": losses / count,
            "train/entropy": entropy / count,
            "train/policy_norm": np.linalg.norm(actor, axis=1),
            "time/total_timesteps": count,
        }
        for tag, each in scalars.items():
            logged.setdefault(tag, []).append(each)
    arrays = {tag: np.array(each) for tag, each in logged.items()}
    arrays["time/total_timesteps"] = arrays["time/total_timesteps"].cumsum(0)
    return arrays


def write(folder: Path, run: dict[str, float], curves: dict[str, np.ndarray]) -> None:
    """Writes the log of one run."""
    name = "a2c_" + "_".join(f"{key}={value:g}" for key, value in run.items())
    with SummaryWriter(str(folder / name)) as writer:
        # `add_hparams` would open a second file, of the same name within a second.
        for summary in hparams(run, {"rollout/ep_rew_mean": 0.0}):
            writer.file_writer.add_summary(summary)
        for update in range(UPDATES):
            for tag, values in curves.items():
                writer.add_scalar(tag, values[update], update)


def main() -> None:
    """Trains and writes."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 700
    runs = settings(count)
    with np.errstate(all="ignore"):
        curves = train(runs)
    for number, run in enumerate(runs):
        write(folder, run, {tag: values[:, number] for tag, values in curves.items()})


if __name__ == "__main__":
    main()
