"""How well a vision-language model answers questions that need several images at once."""
