"""Results in one folder layout: the public ones that ship with the package, and anybody's private ones."""
