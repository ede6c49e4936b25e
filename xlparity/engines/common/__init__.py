"""Code that engines share: copies of files for other programs, and formulas that these programs misread."""
