"""`symbackprop check`: every claim of a derivation that someone else wrote, judged by a spec."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .gathering import Source, gather, is_folder, read
from .source import read_problem
from .writing import write

if TYPE_CHECKING:
    from symbackprop.check.claims import Report
    from symbackprop.problem import Problem
    from symbackprop.reports.data import Failure, Outcome
    from symbackprop.translation import Language

    from .jobs import Ended

SECONDS = 60
"""So long may the check of one document take."""


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


class DocumentKind(StrEnum):
    """What a document is."""

    MARKDOWN = "markdown"
    LATEX = "latex"


OF_ONE = (ReportFormat.MARKDOWN, ReportFormat.HTML)
"""The formats that show one document."""


def check(
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="DOCUMENT",
            help="Files in Markdown or LaTeX, folders of them, or - for standard input.",
            show_default=False,
        ),
    ],
    spec: Annotated[
        str,
        typer.Option("--spec", help="The spec or model that the documents derive from, or equations."),
    ],
    loss: options.LossOption = None,
    alias: Annotated[
        list[str],
        typer.Option(
            "--alias",
            help="A name of the documents and the spec's name for it, as o_3=yhat; may be repeated.",
        ),
    ] = [],  # noqa: B006  (typer copies it)
    kind: Annotated[
        DocumentKind | None,
        typer.Option("--kind", help="What the documents are; found from name and text unless given."),
    ] = None,
    lines: Annotated[
        list[str],
        typer.Option("--lines", help="Report these lines only, as 10-40 or 7; may be repeated."),
    ] = [],  # noqa: B006
    output_format: Annotated[
        ReportFormat,
        typer.Option("--format", help="How the report is written; of many documents: text, json or csv."),
    ] = ReportFormat.TEXT,
    every: Annotated[bool, typer.Option("--all", help="Show what is right too.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 1 also where a claim was not read.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="How many documents at once.", min=1)] = 1,
    timeout: Annotated[
        float, typer.Option("--timeout", help="So many seconds may one document take.", min=0.1)
    ] = SECONDS,
    output: options.OutputOption = None,
    language: options.LanguageOption = "en",
    decimal: options.DecimalOption = "point",
) -> None:
    """Check a derivation: read the formulas of a document, judge each, explain what is wrong.

    symbackprop check homework.md --spec task.toml --alias o_3=yhat

    A folder, or several documents, give a table with a line for each:
    symbackprop check submissions --spec task.toml --format csv -j 4

    The exit status is 0 where nothing is wrong, 1 where a claim is wrong, 2 where something cannot be read.
    """
    with options.mistakes_told():
        from symbackprop.translation import find_language

        spoken = find_language(language, decimal)
        many = len(documents) > 1 or is_folder(documents[0])
        _refuse_misfits(documents, spec, output_format, many=many)
        work = _Work(_aliases(alias), read_problem(spec, {}, loss=loss), kind, _ranges(lines))
        outcomes = _judged(work, gather(documents), jobs=jobs, seconds=timeout)
        if many:
            write(_shown_all(outcomes, spoken, output_format), output)
        else:
            write(_shown(_only(outcomes), spoken, output_format, every=every), output)
    raise typer.Exit(_status([outcome for _, outcome in outcomes], strict=strict))


def _refuse_misfits(documents: Sequence[str], spec: str, form: ReportFormat, *, many: bool) -> None:
    from symbackprop.errors import OptionError

    if spec == "-" and "-" in documents:
        what = "standard input cannot be the spec and a document"
        raise OptionError(what, where="--spec -", fix="give one of them as a file")
    if many and form in OF_ONE:
        what = f"a report in {form} shows one document"
        known = ", ".join(one for one in ReportFormat if one not in OF_ONE)
        raise OptionError(what, where=f"--format {form}", known=f"of many documents: {known}")


def _aliases(given: Sequence[str]) -> dict[str, str]:
    """`o_3=yhat` as a mapping from the documents' name to the spec's."""
    from symbackprop.errors import OptionError

    found: dict[str, str] = {}
    for one in given:
        name, sign, meant = (part.strip() for part in one.rpartition("="))
        if not sign or not name or not meant:
            fix = "write the document's name, =, and the spec's name, as o_3=yhat"
            raise OptionError(f"{one!r} names nothing", where=f"--alias {one}", fix=fix)
        if found.get(name, meant) != meant:
            raise OptionError(f"{name!r} has two meanings", where=f"--alias {one}", fix="keep one of them")
        found[name] = meant
    return found


def _ranges(given: Sequence[str]) -> tuple[range, ...]:
    """`10-40` as the lines from 10 to 40."""
    from symbackprop.errors import OptionError

    found: list[range] = []
    for one in given:
        first, _, last = one.partition("-")
        if not first.strip().isdecimal() or (last and not last.strip().isdecimal()):
            raise OptionError(f"{one!r} names no lines", where=f"--lines {one}", fix="write 10-40, or 7")
        found.append(range(int(first), int(last or first) + 1))
    return tuple(found)


@dataclass(frozen=True)
class _Work:
    """Checks one document; another process can be given it."""

    aliases: Mapping[str, str]
    problem: Problem
    kind: DocumentKind | None
    lines: tuple[range, ...]

    def __call__(self, source: Source) -> Outcome:
        from symbackprop.errors import Mistake, Mistakes
        from symbackprop.reports.data import Failure

        try:
            return self._check(source)
        except Mistakes as several:
            return Failure("error", "\nerror: ".join(map(str, several.mistakes)))
        except Mistake as mistake:
            return Failure("error", str(mistake))
        except Exception as error:
            # One document that breaks the tool leaves the others alone.
            return _broken(source.name, f": {type(error).__name__}: {error}")

    def _check(self, source: Source) -> Report:
        from symbackprop.check.checking import check_document

        text = read(source)
        kind = source.kind if self.kind is None else self.kind.value
        return check_document(
            text, self.problem, name=source.name, aliases=self.aliases, kind=kind, lines=self.lines
        )


def _judged(
    work: _Work, sources: Sequence[Source], *, jobs: int, seconds: float
) -> list[tuple[str, Outcome]]:
    """The outcome of every document; each is checked in another process, which can be ended."""
    from .jobs import Ended, run_all

    results = run_all(work, sources, jobs=min(jobs, len(sources)), seconds=seconds)
    return [
        (source.name, _ended(source, result, seconds) if isinstance(result, Ended) else result)
        for source, result in zip(sources, results, strict=True)
    ]


def _ended(source: Source, ended: Ended, seconds: float) -> Outcome:
    from symbackprop.errors import OptionError
    from symbackprop.reports.data import Failure

    if ended.why == "error":
        return _broken(source.name)
    what = f"the check of {source.name} took longer than {seconds:g} s"
    mistake = OptionError(what, where=f"DOCUMENT {source.name}", fix="give it more with --timeout")
    return Failure("timeout", str(mistake))


def _broken(name: str, why: str = "") -> Failure:
    from symbackprop.errors import OptionError
    from symbackprop.reports.data import Failure

    fix = "check the document without what is unusual in it"
    return Failure(
        "error", str(OptionError(f"the check of {name} broke off{why}", where=f"DOCUMENT {name}", fix=fix))
    )


def _only(outcomes: Sequence[tuple[str, Outcome]]) -> Report:
    """The report of the one document; where there is none, that is told."""
    from symbackprop.reports.data import Failure

    (_, outcome), *_ = outcomes
    if isinstance(outcome, Failure):
        typer.echo(f"error: {outcome.message}", err=True)
        raise typer.Exit(2)
    return outcome


def _shown(report: Report, language: Language, form: ReportFormat, *, every: bool) -> str:
    match form:
        case ReportFormat.MARKDOWN:
            from symbackprop.reports.markdown import write_markdown

            return write_markdown(report, language, every=every)
        case ReportFormat.HTML:
            from symbackprop.reports.html import write_html

            return write_html(report, language, every=every)
        case ReportFormat.JSON:
            from symbackprop.reports.data import report_document, write_json

            return write_json(report_document(report))
        case ReportFormat.CSV:
            from symbackprop.reports.data import write_csv

            return write_csv([(report.name, report)])
    from symbackprop.reports.text import WIDTH, write_text

    width = max(60, min(160, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else WIDTH
    return write_text(report, language, width=width, every=every)


def _shown_all(outcomes: Sequence[tuple[str, Outcome]], language: Language, form: ReportFormat) -> str:
    from symbackprop.reports.data import Failure, failure_document, report_document, write_csv, write_json
    from symbackprop.reports.table import write_table

    for _, outcome in outcomes:
        if isinstance(outcome, Failure):
            typer.echo(f"error: {outcome.message}", err=True)
    if form is ReportFormat.CSV:
        return write_csv(outcomes)
    if form is ReportFormat.JSON:
        return write_json(
            [
                failure_document(name, outcome) if isinstance(outcome, Failure) else report_document(outcome)
                for name, outcome in outcomes
            ]
        )
    return write_table(outcomes, language)


def _status(outcomes: Sequence[Outcome], *, strict: bool) -> int:
    """The exit status: 2 where a document has no report, 1 where a claim is wrong."""
    from symbackprop.reports.data import Failure

    if any(isinstance(outcome, Failure) for outcome in outcomes):
        return 2
    counted = [outcome.summary for outcome in outcomes if not isinstance(outcome, Failure)]
    bad = sum(counts["refuted"] + (counts["unread"] if strict else 0) for counts in counted)
    return 1 if bad else 0
