"""Many verifications in one process, as in pytest or a notebook, hold no memory of those before."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import gc, sys
from pathlib import Path
import psutil
from conftest import Small
from xlparity import verify
from xlparity.settings import Options

small = Small(Path(sys.argv[1]))

def memory(number):
    cells = {"A1": 3} | {f"B{row}": f"=A1*2+{number}{row}*0" for row in range(1, 201)}
    small.write_cells(cells)
    small.write_spec(outputs='[outputs]\\ny = "B1:B200"')
    small.reference.write_text(f"def double(x):\\n    return {{'y': [2 * x] * 200}}  # {number}\\n")
    assert verify(small.spec, options=Options(scenarios=5, seed=number)).verdict.name == "PASS"
    gc.collect()
    return psutil.Process().memory_info().rss / (1 << 20)

found = [memory(number) for number in range(60)]
print(max(found[:20]), max(found[20:]))
"""
GROWTH = 3.0  # MB in forty verifications: 1.0 was measured, and 4.1 where the reports were kept


def test_sixty_verifications_take_no_more_memory_than_twenty(tmp_path):
    """What one leaves behind, a class with hundreds of submissions would have hundreds of times."""
    command = [sys.executable, "-c", SCRIPT, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    early, late = map(float, done.stdout.split())
    assert 0 < late < early + GROWTH
