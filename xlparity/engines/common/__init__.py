"""What engines share: the files that other programs are given, and what is known of formulas that they misread."""
