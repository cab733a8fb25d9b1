"""`leaderboards certify` and `leaderboards verify-certificate`: risk certificates from the losses of single cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_splits.cli_support import emit_json, note

if TYPE_CHECKING:
    from leaderboards.statistics.certificates.certificate import Certificate
    from leaderboards.statistics.certificates.claim import Choice, Source

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def certify(
    losses: Annotated[
        Path,
        typer.Argument(help="CSV with columns case, patient, loss: 0 right, 1 wrong, or between; one row per patient."),
    ],
    delta: Annotated[float, typer.Option(help="Failure probability: 0.05 for 95 % confidence.")] = 0.05,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(help="CSV with columns case, patient: cases the model, or its pool, saw. May be repeated."),
    ] = None,
    trained_elsewhere: Annotated[
        str, typer.Option(help="Where no list exists: why the training data hold none of these patients.")
    ] = "",
    candidates: Annotated[
        Path | None,
        typer.Option(help="The models that this one was chosen from on these cases, one a line: adds Occam bounds."),
    ] = None,
    committed: Annotated[
        str, typer.Option(help="Fingerprint of --candidates, as written down before these cases were seen.")
    ] = "",
    choice: Annotated[
        list[str] | None,
        typer.Option(help="NAME=OPTIONS: something else that was chosen on these cases. May be repeated."),
    ] = None,
    looked_at: Annotated[
        int | None, typer.Option(help="How many models these cases have scored. Default: as many as are paid for.")
    ] = None,
    together: Annotated[bool, typer.Option("--together", help="All bounds hold at once: delta is divided.")] = False,
    one_per_patient: Annotated[
        bool, typer.Option("--one-per-patient", help="Keep one case of each patient, whatever its loss.")
    ] = False,
    model: Annotated[str, typer.Option(help="What is certified, for readers.")] = "model",
    output: Annotated[Path | None, typer.Option(help="Folder for the certificates, one JSON file a bound.")] = None,
    json: AsJson = False,
) -> None:
    """Bound a model's true error from its losses on cases that it never saw, with proof.

    Prints the test-set bound and its anytime form, or for a model that was chosen among --candidates on these very
    cases the three Occam bounds. A rule that is broken (a patient twice, a shared case, an unpaid choice) refuses.
    """
    from data_splits.errors import UserError
    from leaderboards.statistics.certificates.certify import certify as issue
    from leaderboards.statistics.certificates.claim import Claim, Commitment, fingerprint
    from leaderboards.statistics.certificates.files import write_certificate
    from leaderboards.statistics.certificates.losses_file import read_candidates, read_losses

    sample, values = read_losses(losses, one_per_patient)
    zero_one = bool(((values == 0) | (values == 1)).all())
    common: dict[str, Any] = {
        "subject": model,
        "predictor": "deterministic",
        "loss": "zero-one" if zero_one else "bounded",
        "loss_name": "error" if zero_one else "loss",
        "delta": delta,
        "sample": sample,
        "losses": values,
        "choices": _choices(choice or []),
    }
    if candidates is None:
        families = ["held-out", "anytime"] if zero_one else ["anytime"]
        common |= {
            "sources": _sources("training", trained_on or [], trained_elsewhere),
            "looked_at": _paid_for(common["choices"]) if looked_at is None else looked_at,
        }
    else:
        names = read_candidates(candidates)
        used = fingerprint(sorted(names))
        if not committed:
            raise UserError(
                f"Give --committed, the fingerprint of {candidates} from before these cases were seen; now it is {used}"
            )
        families = ["exact-occam"] * zero_one + ["chernoff-occam", "hoeffding-occam"]
        common |= {
            "code": "uniform",
            "code_parameters": {"hypotheses": len(names)},
            "commitment": Commitment(committed, used),
            "sources": _sources("hypotheses", trained_on or [], trained_elsewhere),
            "looked_at": len(names) * _paid_for(common["choices"]) if looked_at is None else looked_at,
        }
    common["simultaneous"] = len(families) if together else 1
    issued = [issue(Claim(family=family, **common)) for family in families]
    if output is not None:
        for certificate in issued:
            write_certificate(output / f"{certificate.family}.json", certificate)
        note(f"{len(issued)} certificates in {output}. Check one: leaderboards verify-certificate FILE")
    if json:
        emit_json([each.model_dump(mode="json") for each in issued])
    else:
        typer.echo(_table(issued), nl=False)


def verify_certificate(
    file: Annotated[Path, typer.Argument(help="A certificate that `certify --output` or a training method wrote.")],
    json: AsJson = False,
) -> None:
    """Compute a certificate again from its stored numbers; exit code 1 if something does not follow."""
    from dataclasses import asdict

    from leaderboards.statistics.certificates.files import read_certificate
    from leaderboards.statistics.certificates.verify import verify
    from leaderboards.statistics.certificates.words import declared, sentence

    certificate = read_certificate(file)
    found = verify(certificate)
    if json:
        emit_json(
            {"ok": not found, "discrepancies": [asdict(each) for each in found], "declared": declared(certificate)}
        )
    elif found:
        for each in found:
            typer.echo(str(each))
        note(f"This certificate proves nothing: {len(found)} of its numbers do not follow from the others.")
    else:
        typer.echo(f"{certificate.subject}: {sentence(certificate)}")
        for line in declared(certificate):
            note(f"declared, not checked: {line}")
    if found:
        raise typer.Exit(1)


def _table(issued: list[Certificate]) -> str:
    from leaderboards.reporting.tables import Table, to_text
    from leaderboards.statistics.certificates.families import FAMILIES
    from leaderboards.statistics.certificates.rounding import confidence, up
    from leaderboards.statistics.certificates.words import declared, price_words

    first = issued[0]
    rows = tuple(
        (FAMILIES[each.family].title, up(each.value), f"{each.risk:.3f}", each.n, price_words(each) or "—")
        for each in issued
    )
    head = f"Upper bounds on the true {first.loss_name} of {first.subject}"
    together = first.simultaneous > 1
    apart = "All hold together" if together else "Each holds alone: the smallest, picked afterwards, does not"
    notes = (
        f"{head}, with {confidence(first.delta)} confidence, rounded up; for patients like these {first.n}.",
        f"{apart}.",
        *(f"Declared, not checked: {line}." for line in declared(first)),
    )
    columns = ("bound", "at most", f"seen {first.loss_name}", "n", "paid")
    return to_text(Table(columns, rows, frozenset(columns[1:4]), head, notes))


def _choices(given: list[str]) -> tuple[Choice, ...]:
    from data_splits.errors import UserError
    from leaderboards.statistics.certificates.claim import Choice

    choices = []
    for text in given:
        name, _, options = text.rpartition("=")
        if not name or not options.isascii() or not options.isdigit() or int(options) < 1:
            raise UserError(f"--choice {text!r} is not NAME=OPTIONS, such as threshold=20.")
        choices.append(Choice(name, options=int(options)))
    return tuple(choices)


def _paid_for(choices: tuple[Choice, ...]) -> int:
    import math

    return math.prod(each.options or 1 for each in choices)


def _sources(role: Any, files: list[Path], statement: str) -> tuple[Source, ...]:
    from data_splits.errors import UserError
    from leaderboards.statistics.certificates.claim import Source
    from leaderboards.statistics.certificates.losses_file import read_cases

    sources = [Source(role, path.name, read_cases(path)) for path in files]
    if statement.strip():
        sources.append(Source(role, "training data without a list", statement=statement.strip()))
    if not sources:
        raise UserError("Say what the model was trained on: --trained-on FILE, or --trained-elsewhere 'why not these'.")
    return tuple(sources)
