"""Certified learners: models merged from a pool together with a proof of how good they are."""
