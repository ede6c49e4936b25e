"""Input that means harm: files, specs and references."""
