"""What a run found out: reports, findings and the rules behind their codes. Reporters read nothing else."""
