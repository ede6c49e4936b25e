"""What the engine computes beside what the reference expects: results for each cell, and the consensus of engines."""
