"""How results compare: records, statistics, reporting. Runs without torch."""
