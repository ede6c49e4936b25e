"""One analysis, many reporters: each turns a Report into text and sees nothing else."""
