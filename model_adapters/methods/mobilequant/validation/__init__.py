"""The validation of minutes: a character model that is trained here, outliers put in without changing it, a table."""
