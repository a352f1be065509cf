"""Random points on all sides of the kinks: where a rectifier is 0 a factor that it has is not seen."""

from __future__ import annotations

import numpy as np

from symbackprop.precise.evaluation import evaluate
from symbackprop.precise.point import Point
from symbackprop.precise.points import random_points
from symbackprop.precise.slopes import kinks
from symbackprop.problem import Problem

FEW = 3
MOST = 6
DRAWS = 24


def random_points_of_all_kinds(problem: Problem) -> list[Point]:
    """Three random points; more where they all lie on one side of a kink, as many as show other sides."""
    points = random_points(problem, FEW)
    tests = [
        kink for node in problem.graph.inner if node.expression is not None for kink in kinks(node.expression)
    ]
    if not tests:
        return points
    seen = {_sides(point, tests) for point in points}
    for seed in range(1, DRAWS):
        if len(points) >= MOST:
            break
        (point,) = random_points(problem, 1, seed)
        sides = _sides(point, tests)
        if sides not in seen:
            seen.add(sides)
            points.append(point)
    return points


def _sides(point: Point, tests: list[object]) -> tuple[bool, ...]:
    """On which side of every kink a point lies."""
    found: list[bool] = []
    for test in tests:
        values = np.ravel(evaluate(test, point.values, point.conventions))
        found += [bool(one > 0) for one in values]
    return tuple(found)
