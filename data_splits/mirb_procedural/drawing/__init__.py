"""Drawing in whole numbers: the same pixels on every machine, with no font, no libm and no imaging library."""
