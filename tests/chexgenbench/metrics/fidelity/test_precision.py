"""Precision against the `prdc` package, its clusters, and what it stores of credentialed images."""

from __future__ import annotations

import knn_checks

from chexgenbench.metrics.fidelity.precision import METRIC


def test_equals_prdc_with_an_interval_around_it() -> None:
    knn_checks.check_equals_prdc(METRIC)


def test_images_are_clustered_by_patient_of_the_generated_side() -> None:
    knn_checks.check_clusters_are_patients(METRIC, "generated")


def test_private_floor_is_stored_in_blocks_and_private_reference_leaves_generated_images_open() -> None:
    knn_checks.check_private_floor_in_blocks(METRIC)
