"""How near a generated report is to the report of its image: one file a score, the terms of sums for each report."""
