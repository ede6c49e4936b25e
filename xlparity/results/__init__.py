"""The results of a run: reports, findings, and the rule of each finding code. Reporters read nothing else."""
