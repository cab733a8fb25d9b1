"""A record in the forms that others read: the hub's metadata, CSV, Markdown, LaTeX."""
