"""The reporters: each turns a Report into the text of one format, and reads nothing else."""
