"""The board's tables: everything the app shows is computed here, once, by the code that `compare` runs."""
