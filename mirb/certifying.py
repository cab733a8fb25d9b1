"""A certificate of a run: the test-set bound on the share of wrong answers, from independent questions of the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_splits.errors import UserError
from data_splits.question import Question
from leaderboards.statistics.certificates.attach import attach, draw, elsewhere
from leaderboards.statistics.certificates.case_set import CaseSet
from leaderboards.statistics.certificates.certificate import Certificate
from leaderboards.statistics.certificates.words import declared, sentence
from mirb.run_folder import RunConfig
from mirb.scores import Scored, cluster_of


def require(config: RunConfig, questions: Sequence[Question]) -> None:
    """Check before anything is asked that a certificate can be had.

    Raises:
        UserError: too few independent questions, or nothing is said of the training.
    """
    elsewhere(config.trained_elsewhere)
    independent = len({cluster_of(each) for each in questions})
    if (config.certify or 0) > independent:
        raise UserError(
            f"--certify {config.certify} needs so many questions that share no image; there are {independent}."
        )


def certificates_of(config: RunConfig, scored: Sequence[Scored], model: str) -> list[Certificate]:
    """The certificate that the configuration asks for, or none.

    The questions are drawn by hash, one of each set that shares images. An unparsed answer is a wrong one: what is
    certified is that an answer is not right.

    Raises:
        UserError: see `require`.
    """
    if config.certify is None:
        return []
    ids, clusters = [each.question.id for each in scored], [cluster_of(each.question) for each in scored]
    rows = draw(ids, clusters, config.certify)
    sample = CaseSet(tuple(ids[row] for row in rows), tuple(clusters[row] for row in rows))
    wrong = np.array([scored[row].verdict.outcome != "correct" for row in rows])
    tasks = len({scored[row].question.task for row in rows})
    subject = f"{model} on {tasks} task{'s' if tasks > 1 else ''}"
    return [attach(subject, sample, wrong, [elsewhere(config.trained_elsewhere)])]


def words(certificate: Certificate) -> str:
    """A line for people: "error at most 0.41 with 95 % confidence from n = 100 questions (...)"."""
    return sentence(certificate, cases="questions")


def rests_on(certificate: Certificate) -> list[str]:
    """What no machine checked: the claimant's declarations, and what was said of the training."""
    told = [f"training: {each.statement}" for each in certificate.sources if each.statement]
    return [*declared(certificate), *told]
