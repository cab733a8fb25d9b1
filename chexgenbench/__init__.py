"""How good is a text-to-image generator of chest radiographs: fidelity, alignment, privacy, memorisation, utility."""
