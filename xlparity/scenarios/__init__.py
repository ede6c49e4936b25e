"""Other inputs than the stored ones: drawn, tried, told apart from rounding, and made as small as they can be."""
