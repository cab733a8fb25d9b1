"""What every report uses: numbers, tables, figures and the self-contained page around them. Torch-free."""
