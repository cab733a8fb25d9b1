"""The command line of `chexgenbench utility`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_splits.cli_options import key_values, names


def utility(
    train: Annotated[str | None, typer.Option("--train", help="Split with the training images to be scored.")] = None,
    predictor: Annotated[Path | None, typer.Option("--predictor", help="Folder of a trained predictor.")] = None,
    test: Annotated[
        str | None, typer.Option("--test", help="Split with the real test images. Default: --train's.")
    ] = None,
    real: Annotated[str | None, typer.Option("--real", help="Split with real training images to compare with.")] = None,
    arms: Annotated[str | None, typer.Option(help="tstr, trtr, mixed, augmented; all but mixed with --real.")] = None,
    predictor_name: Annotated[str, typer.Option(help="lite0-probe (offline, seconds) or resnet50.")] = "lite0-probe",
    predictor_weights: Annotated[Path | None, typer.Option(help="Local copy of the weights it starts from.")] = None,
    predictor_option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE; `model-adapters show NAME`.")] = None,
    train_subset: Annotated[str | None, typer.Option(help='Part of --train. Default: "train".')] = None,
    test_subset: Annotated[str | None, typer.Option(help="Part of --test. Default: what the split says.")] = None,
    split_option: Annotated[
        list[str] | None, typer.Option("--split-option", help="KEY=VALUE for the split; `data-splits list` names them.")
    ] = None,
    trainings: Annotated[int | None, typer.Option(min=1, help="Seeds. Default: 3 of a probe, 5 of a network.")] = None,
    device: Annotated[str, typer.Option(help="torch device.")] = "cpu",
    save: Annotated[Path | None, typer.Option(help="Keep a predictor trained on --train in this folder.")] = None,
    certify: Annotated[
        str | None, typer.Option(help="A finding: attach a bound on the classifier's true error on it, with proof.")
    ] = None,
    certify_cases: Annotated[int, typer.Option(min=1, help="Of --certify: patients, one image of each.")] = 100,
    trained_elsewhere: Annotated[
        str | None, typer.Option(help="Of --certify with --predictor: why training saw none of these patients.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder. The same command on the same folder resumes it.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")] = False,
) -> None:
    """Score any labelled training set, or a trained predictor, by how well it classifies real test images.

    A column `weight` of a folder split says how much each training image counts.

    Examples:

      chexgenbench utility --train folder:synthetic/cases.csv --test folder:real/cases.csv --real folder:real/cases.csv

      chexgenbench utility --predictor trained/ --test folder:real/cases.csv

      chexgenbench utility --train folder:real/cases.csv --certify Cardiomegaly    (at most x with 95 % confidence)
    """
    from chexgenbench.utility_command import Request, run

    run(
        Request(
            train, predictor, test, real, train_subset, test_subset, names(arms), predictor_name, predictor_weights,
            key_values(predictor_option, "--predictor-option"), key_values(split_option, "--split-option"),
            trainings, device, output, save, certify, certify_cases, trained_elsewhere,
        ),
        json,
    )  # fmt: skip
