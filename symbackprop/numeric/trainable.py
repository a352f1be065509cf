"""What can be trained, and what is said of a training that runs away."""

from __future__ import annotations

from collections.abc import Collection

from symbackprop.errors import TrainingError, listing
from symbackprop.graph import Role
from symbackprop.problem import Problem, Training


def checked_training(problem: Problem, missing: Collection[str]) -> Training:
    """The training of a problem that has all that it takes.

    Args:
        problem: what is to be trained.
        missing: the given names that have no number.

    Raises:
        TrainingError: nothing to train, no way to, or a number is missing.
    """
    training = problem.training
    if training is None:
        raise TrainingError(
            "there is no [training] section",
            where="training",
            fix="add [training] with learning_rate = 0.5 and steps = 3",
        )
    if not problem.graph.having(Role.PARAMETER):
        fix = "give what is trained under [parameters]"
        raise TrainingError("there is no parameter to update", where="parameters", fix=fix)
    if missing:
        raise TrainingError(
            f"no number for {listing(missing)}",
            where="the values given to the graph",
            fix="give weights and biases to the layers, values to [parameters] and [inputs], rows to [data]",
        )
    single = [one.name for one in problem.arrays if one.single]
    if single and training.batch_size > 1:
        raise TrainingError(
            f"a step takes {training.batch_size} examples, and only one makes {listing(single)}",
            where="training.batch_size",
            fix='leave batch_size out, or write notation = "matrix" and batch = true under [network]',
        )
    return training


def diverged(step: int, training: Training, reason: str, where: str = "") -> TrainingError:
    """A training whose numbers have grown too large.

    Args:
        step: the first that cannot be taken, from 1.
        training: its learning rate is too large.
        reason: what is not finite.
        where: it is found; else at this step.
    """
    return TrainingError(
        f"the training diverges at step {step}: {reason}",
        where=where or f"step {step}",
        known=f"the learning rate is {float(training.learning_rate):g}; "
        f"the loss was finite until step {step - 1}",
        fix="take a smaller learning rate",
    )
