"""An update by an outer product waits for the next step, whose first product reads the matrix anyway.

A step on one example moves W ← W - η δ xᵀ. W, which may be larger than the nearest memory, is read for W x,
read again and written. If the last update is made where the next step reads W, it is passed once:

    W_ij += c_i x'_j;  s += W_ij x_j     with x' and c of the step before; at first both are 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Mul, S, Symbol

from symbackprop.expressions import mul
from symbackprop.loops.fusing import Uses
from symbackprop.loops.model import (
    Assign,
    Buffer,
    Entry,
    Group,
    Increase,
    Local,
    Loop,
    Product,
    Routine,
    Statement,
    index,
    nested,
    number,
    statements_in,
)


@dataclass(frozen=True)
class Steps:
    """A routine that is taken many times.

    Attributes:
        routine: a step.
        first: before all steps.
        before: before what is given to a step is there.
        last: after all steps.
    """

    routine: Routine
    first: tuple[Statement, ...] = ()
    before: tuple[Statement, ...] = ()
    last: tuple[Statement, ...] = ()


def deferred(routine: Routine, fed: Collection[Symbol]) -> Steps:
    """The same steps; updates by an outer product of what is fed wait.

    Args:
        routine: a step.
        fed: the symbols of what is given anew to each step; the rest stays.
    """
    updates = [one for one in map(_as_update, statements_in(routine.statements)) if one is not None]
    waiting = [_Waiting(one, reader) for one in updates if (reader := _reader(routine, one, fed)) is not None]
    if not waiting:
        return Steps(routine)
    buffers = {one.symbol: one for one in routine.buffers}
    given = {one.update.fed.buffer: one.before for one in waiting}
    cleared = [*given, *dict.fromkeys(symbol for one in waiting for symbol in one.update.scales)]
    swapped = {statement: lines for one in waiting for statement, lines in one.swapped.items()}
    return Steps(
        replace(
            routine,
            statements=_replaced(routine.statements, swapped),
            temporaries=(*routine.temporaries, *(replace(buffers[one], symbol=given[one]) for one in given)),
        ),
        tuple(line for one in cleared for line in _filled(buffers[one], one, None)),
        tuple(line for one in given for line in _filled(buffers[one], given[one], one)),
        tuple(one.update.scaled(one.update.fed.buffer) for one in waiting),
    )


def _filled(like: Buffer, target: Symbol, source: Symbol | None) -> tuple[Statement, ...]:
    """A buffer becomes another, or 0."""
    (size,), j = like.shape, index("j")
    return nested([(j, size)], [Assign(Entry(target, j), S.Zero if source is None else Entry(source, j))])


@dataclass(frozen=True)
class _Update:
    """W_ij += c_i x_j, a nest of its own.

    Attributes:
        nest: the loops.
        target: W_ij.
        scale: c_i.
        fed: x_j.
    """

    nest: Loop
    target: Entry
    scale: Expr
    fed: Entry

    @property
    def inner(self) -> Loop:
        """The loop over j."""
        (found,) = self.nest.body
        assert isinstance(found, Loop)
        return found

    @property
    def scales(self) -> list[Symbol]:
        """The buffers that c is made of."""
        return sorted({one.buffer for one in self.scale.atoms(Entry)}, key=str)

    def scaled(self, source: Symbol, *then: Statement) -> Loop:
        """The loops with c_i before the inner one, x from a buffer, and statements behind."""
        scale, inner = number("c"), self.inner
        step = Increase(self.target, mul(scale, Entry(source, inner.index)))
        return replace(self.nest, body=(Local(scale, self.scale), replace(inner, body=(step, *then))))


def _as_update(statement: Statement) -> _Update | None:
    match statement:
        case Loop(i, _, (Loop(j, _, (Increase(Entry() as target, Mul() as value),)),)):
            across = [one for one in value.args if j in one.free_symbols]
            scale = mul(*(one for one in value.args if one not in across))
            entries = scale.atoms(Entry)
            others = scale.xreplace(dict.fromkeys(entries, S.One)).free_symbols
            is_outer = len(across) == 1 and isinstance(across[0], Entry) and across[0].indices == (j,)
            of_rows = all(one.indices == (i,) for one in entries) and not others
            if target.indices == (i, j) and is_outer and of_rows:
                return _Update(statement, target, scale, across[0])
    return None


def _reader(routine: Routine, update: _Update, fed: Collection[Symbol]) -> Product | None:
    """The product z = α W x that reads the matrix, if the update may wait for it.

    Nothing else may touch the matrix, nothing before the product what the update is made of, and nothing
    behind the update may change that.
    """
    if update.fed.buffer not in fed or {*update.scales} & {*fed}:
        return None
    found, is_behind = None, False
    for one in _single(routine.statements):
        uses = Uses.of([one])
        touched = uses.sources | uses.targets
        if one == update.nest:
            is_behind = True
        elif update.target.buffer in touched:
            if found is not None or is_behind or not _reads_rows(one, update):
                return None
            found = one
        elif {*update.scales} & (touched if found is None else uses.targets if is_behind else set()):
            return None
    return found if isinstance(found, Product) else None


def _single(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Statements out of their groups."""
    for one in statements:
        if isinstance(one, Group):
            yield from _single(one.body)
        else:
            yield one


def _reads_rows(statement: Statement, update: _Update) -> bool:
    """Whether it is z_i = α Σ_k W_ik x_k, of the rows and columns that are updated."""
    if not isinstance(statement, Product) or statement.is_added:
        return False
    (i, rows), (k, columns) = statement.rows, statement.inner
    nest, inner = update.nest, update.inner
    return (
        statement.left == Entry(update.target.buffer, i, k)
        and statement.right == Entry(update.fed.buffer, k)
        and statement.target.indices == (i,)
        and (nest.start, nest.stop, inner.start, inner.stop) == (0, rows, 0, columns)
    )


@dataclass(frozen=True)
class _Waiting:
    """An update and the product that it waits for."""

    update: _Update
    product: Product

    @property
    def before(self) -> Symbol:
        """x of the step before."""
        return Symbol(f"{self.update.fed.buffer.name} before")

    @property
    def swapped(self) -> Mapping[Statement, tuple[Statement, ...]]:
        """What takes the place of both: W_ij += c_i x'_j; s += W_ij x_j; behind each row z_i = α s."""
        update, total = self.update, number("s")
        summed = Increase(total, mul(update.target, update.fed))
        loop = update.scaled(self.before, summed)
        value = mul(self.product.factor, total)
        target = Entry(self.product.target.buffer, update.nest.index)
        together = replace(loop, body=(Local(total, S.Zero), *loop.body, Assign(target, value)))
        return {update.nest: (), self.product: (together,)}


def _replaced(
    statements: Iterable[Statement], swapped: Mapping[Statement, tuple[Statement, ...]]
) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for one in statements:
        if one in swapped:
            found += swapped[one]
        elif isinstance(one, Group):
            found.append(replace(one, body=_replaced(one.body, swapped)))
        else:
            found.append(one)
    return tuple(found)
