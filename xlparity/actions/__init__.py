"""What xlparity does beside verifying: one file or package for each feature."""
