"""`eval` = generate -> extract -> score -> report; each stage reads the store of the one before and can run alone."""
