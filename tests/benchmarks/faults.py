"""How many planted faults xlparity finds, names and fixes: ``python tests/benchmarks/faults.py``. Nothing here is asserted.

Ten domain workbooks (``domains/``) with 25 single and 5 double faults each, of published classes. The right workbook must pass
without a finding; then each faulty copy is verified in a process of its own, at most 60 seconds of its processor time. The
columns of the tables:

- ``faults``: those that change a compared value in one of 2,000 samples within the inputs' ranges; ``same`` are the others, which
  ought to be replaced by faults that do.
- ``fail`` (detected), ``unass.``, ``pass`` (missed), ``late`` (no end within the limit) and ``crash``.
- ``named``: of each part of the fault a finding has a cell; ``all``: every wrong cell; the first of a column
  that was filled without a ``$`` is not wrong.
- ``fixed``: the workbook with the suggestions computes the original's values in 2,000 fresh samples; ``text``: those of them in
  which every cell at fault has the original formula's text. ``partly``: the suggestions are right, and not all that are needed.
  ``wrong``: they are not right: in the right workbook, these formulas change values.
- ``blamed``: faults with a finding all of whose cells are right.
- ``median`` and ``slowest``: seconds of processor time of the verification.

``--json FILE`` keeps all of it, a record a fault, and ``--against OLD`` prints the faults whose record differs from that file.
``--domain NAME`` and ``--fault TEXT`` select some; ``--keep FOLDER`` only writes the workbooks, for ``xlparity verify``.
PYTHONPATH decides which xlparity is measured.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from planting import CLASSES, DOMAINS, Domain, Expected, Fault

import xlparity
from xlparity.actions.fix import corrected, fixed
from xlparity.excel.workbook import parse_workbook
from xlparity.results.rules import NOT_ASSESSED

LIMIT = 60
"""Seconds of processor time that one verification may take."""
WAITING = 10
"""So many times longer the clock may run meanwhile, since other programs use the processors too."""
JUDGING = 120
"""Seconds of processor time, beyond the verification, to judge the suggestions."""
COUNTED = (
    "faults", "same", "fail", "unass.", "pass", "late", "crash", "named", "all", "fixed", "text", "partly", "wrong", "blamed",
)  # fmt: skip
COMPARED = ("same", "verdict", "named", "all", "fix", "text", "blamed")


@dataclass(frozen=True)
class Ground:
    """The right workbook of a domain, and what it computes for two sets of samples."""

    domain: Domain
    folder: Path
    data: bytes
    expected: tuple[Expected, Expected]


def prepare(domain: Domain, folder: Path) -> tuple[Ground, dict[str, Any]]:
    """The ground of the domain's faults, and the record of its right workbook."""
    path = domain.write(folder)
    began = time.process_time()
    report = xlparity.verify(folder / f"{domain.name}.parity.toml")
    record = {
        "domain": domain.name,
        "verdict": str(report.verdict),
        "seconds": round(time.process_time() - began, 3),
        "findings": [finding.message for check in report.checks for finding in check.findings],
        "formulas": sum(isinstance(held, tuple) or str(held).startswith("=") for held in domain.right.values()),
        "cells": sum(len(check.results) for check in report.checks),
    }
    if str(report.verdict) != "pass":
        record["reasons"] = sorted(
            {f"{r.cell} {r.variable} {r.status}: {r.actual} for {r.expected}" for c in report.checks
             for r in c.results if r.status != "match"}
            | {f"{cell} in scenarios" for c in report.checks for cell in (*c.scenarios.cells, *c.scenarios.unsure)}
            | {note for c in report.checks for note in c.notes}
        )  # fmt: skip
    tolerances = {r.cell: check.tolerances[r.variable] for check in report.checks for r in check.results}
    data = path.read_bytes()
    expected, fresh = (Expected(domain, data, path, seed, tolerances) for seed in (1, 2))
    return Ground(domain, folder, data, (expected, fresh)), record


def judge(ground: Ground, fault: Fault, answer: Connection) -> None:
    """Sends what becomes of the fault: its record before, after the verification and after the suggestions were judged."""
    domain = ground.domain
    record: dict[str, Any] = {
        "domain": domain.name,
        "fault": fault.name,
        "class": fault.taxonomy,
        "edits": [" ".join((area, old, "->", new)) for area, old, new in domain.edit(fault)],
        "verdict": "late",
        "fix": "none",
    }
    parts = domain.changed(fault)
    path = domain.write(ground.folder, fault, f"{domain.name}-{os.getpid()}.xlsx")
    record["same"] = not ground.expected[0].differs(path.read_bytes())
    answer.send(record)
    _limit(LIMIT)
    began = time.process_time()
    try:
        report = xlparity.verify(ground.folder / f"{domain.name}.parity.toml", workbook=path)
        record["verdict"] = str(report.verdict)
    except Exception:
        answer.send({**record, "verdict": "crash", "trace": traceback.format_exc(limit=-8)})
        return
    record["seconds"] = round(time.process_time() - began, 3)
    findings = [f for check in report.checks for f in check.findings if f.code not in NOT_ASSESSED]
    named = {cell for finding in findings for cell in finding.cells}
    at_fault = set().union(*parts)
    record["named"] = all(part & named for part in parts)
    wrong = set().union(*domain.changed(fault, anchors=False))
    record["all"] = wrong <= named
    record["blamed"] = [f"{f.code} {f.message}" for f in findings if not at_fault.intersection(f.cells)]
    record["findings"] = [f"{f.code} {f.message}" for f in findings]
    answer.send(record)
    _limit(JUDGING)
    answer.send(record | judged_fix(ground, report, path, wrong))


def _limit(seconds: float) -> None:
    """Ends this process after so many more seconds of its processor time."""
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, resource.RLIM_INFINITY))


def judged_fix(ground: Ground, report: Any, path: Path, wrong: set[Any]) -> dict[str, Any]:
    """What the report's suggestions for the workbook at the path are worth."""
    try:
        data, formulas = corrected(report)
        if not formulas:
            return {"fix": "none"}
        original = parse_workbook(ground.data, path)
        written = parse_workbook(data, path)
        texts = {str(formula) for formula in formulas.values()}
        found: dict[str, Any] = {
            "fix": "right",
            "text": all(str(written.formula(cell)) == str(original.formula(cell)) for cell in wrong),
            "suggested": sorted(texts)[:4],
        }
        fresh = ground.expected[1]
        if written.cells != original.cells and fresh.differs(data):
            found["fix"] = "wrong" if fresh.differs(fixed(ground.data, original, formulas)) else "partly"
    except Exception:
        return {"fix": "wrong", "trace": traceback.format_exc(limit=-8)}
    return found


def judged(ground: Ground, faults: Sequence[Fault], jobs: int) -> Iterator[dict[str, Any]]:
    """The record of each fault, in the order in which they are done."""
    fork = multiprocessing.get_context("fork")
    left = list(reversed(faults))
    running: dict[Connection, tuple[Any, Fault, float, dict[str, Any]]] = {}
    while left or running:
        while left and len(running) < jobs:
            fault = left.pop()
            ours, theirs = fork.Pipe(duplex=False)
            process = fork.Process(target=judge, args=(ground, fault, theirs))
            process.start()
            theirs.close()
            running[ours] = process, fault, time.monotonic(), {"fault": fault.name}
        ready = wait(list(running), timeout=1)
        for ours, (process, fault, began, record) in list(running.items()):
            if ours in ready:
                try:
                    running[ours] = process, fault, began, ours.recv()
                    continue
                except EOFError:
                    pass
            elif time.monotonic() - began < WAITING * LIMIT:
                continue
            process.kill()
            process.join()
            ours.close()
            del running[ours]
            yield {"domain": ground.domain.name, "class": fault.taxonomy, "verdict": "crash", "fix": "none", **record}


def counts(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row of a table."""
    differing = [record for record in records if not record.get("same", False)]
    verdict = [record["verdict"] for record in differing]
    fix = [record["fix"] for record in differing]
    seconds = [record.get("seconds", LIMIT) for record in differing]
    return {
        "faults": len(differing),
        "same": len(records) - len(differing),
        "fail": verdict.count("fail"),
        "unass.": verdict.count("unassessed"),
        "pass": verdict.count("pass"),
        "late": verdict.count("late"),
        "crash": verdict.count("crash"),
        "named": sum(bool(record.get("named")) for record in differing),
        "all": sum(bool(record.get("all")) for record in differing),
        "fixed": fix.count("right"),
        "text": sum(record["fix"] == "right" and bool(record.get("text")) for record in differing),
        "partly": fix.count("partly"),
        "wrong": fix.count("wrong"),
        "blamed": sum(bool(record.get("blamed")) for record in differing),
        "median": f"{statistics.median(seconds):.1f}" if seconds else "",
        "slowest": f"{max(seconds):.1f}" if seconds else "",
    }


def show(title: str, key: str, records: Sequence[dict[str, Any]]) -> None:
    """Prints a table with a row for each value of the key, and the sum."""
    groups = {value: [record for record in records if record[key] == value] for value in dict.fromkeys(
        record[key] for record in sorted(records, key=lambda record: _order(key, record[key]))
    )}  # fmt: skip
    heads = (*COUNTED, "median", "slowest")
    print(f"\n{title:<12}" + "".join(f"{head:>8}" for head in heads))
    for name, mine in (*groups.items(), *([("in sum", records)] if len(groups) > 1 else [])):
        row = counts(mine)
        print(f"{name:<12}" + "".join(f"{row[head]:>8}" for head in heads))


def _order(key: str, value: str) -> int:
    order = DOMAINS if key == "domain" else (*CLASSES, "double")
    return order.index(value)


def misses(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What falls short, a line or more for each fault."""
    for record in records:
        found = []
        if record.get("same"):
            found.append("SAME VALUES")
        elif record["verdict"] != "fail":
            found.append(record["verdict"].upper())
        elif not record.get("named"):
            found.append("not named")
        elif not record.get("all"):
            found.append("not all named")
        if not record.get("same") and record["fix"] != "right":
            found.append({"none": "no fix", "partly": "partly fixed", "wrong": "WRONG FIX"}[record["fix"]])
        if record.get("blamed"):
            found.append("right cell blamed")
        if record.get("seconds", 0) > 15:
            found.append(f"slow ({record['seconds']:.0f} s)")
        if found:
            yield f"{record['domain']}: {record['fault']} ({record['class']}): {', '.join(found)}"
            yield from (f"    {edit}" for edit in record.get("edits", ()))
            if record["fix"] in ("wrong", "partly"):
                yield f"    suggested: {'  '.join(record.get('suggested', ['']))}"
            yield from (f"    blamed: {text}" for text in record.get("blamed", ()))
            yield from (f"    {line}" for line in record.get("trace", "").splitlines()[-3:])


def changes(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The faults whose record is another, and what of it."""
    before = {(record["domain"], record["fault"]): record for record in old}
    for record in new:
        was = before.get((record["domain"], record["fault"]))
        if was is None:
            yield f"{record['domain']}: {record['fault']}: new"
            continue
        found = [
            f"{key} {_shown(was.get(key))} -> {_shown(record.get(key))}"
            for key in COMPARED
            if _shown(was.get(key)) != _shown(record.get(key))
        ]
        seconds, now = (one.get("seconds", LIMIT) for one in (was, record))
        if max(seconds, now) > 2 and not 0.5 < seconds / max(now, 0.01) < 2:
            found.append(f"{seconds:.1f} s -> {now:.1f} s")
        if found:
            yield f"{record['domain']}: {record['fault']}: {'; '.join(found)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)}"
    return "no" if value in (None, False) else "yes" if value is True else str(value)


def run(names: Sequence[str], part: str, jobs: int, folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The records of the right workbooks and of the faults."""
    rights, records = [], []
    for name in names:
        domain = Domain(name)
        ground, right = prepare(domain, folder)
        rights.append(right)
        print(
            f"{name}: {right['formulas']} formulas, {right['cells']} compared cells: {right['verdict']}, {right['seconds']:.1f} s"
        )
        print(
            *(f"  {line}\n" for line in (*right["findings"], *right.get("reasons", [])[:12])),
            sep="",
            end="",
            flush=True,
        )
        faults = [fault for fault in domain.faults() if part in fault.name]
        found = []
        for record in judged(ground, faults, jobs):
            found.append(record)
            print(f"  {len(found)} of {len(faults)}: {record['fault']}: {record['verdict']}, fix {record['fix']}, "
                  f"{record.get('seconds', LIMIT):.1f} s", file=sys.stderr, flush=True)  # fmt: skip
        order = {fault.name: place for place, fault in enumerate(faults)}
        records += sorted(found, key=lambda record: order[record["fault"]])
    return rights, records


def main() -> None:
    """Runs the benchmark, and prints the tables and what falls short."""
    parser = argparse.ArgumentParser(description="Counts how many planted faults are found, named and fixed.")
    parser.add_argument("--domain", action="append", choices=DOMAINS, help="one workbook; may be repeated")
    parser.add_argument("--fault", default="", help="only faults with this text in their names")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="keeps the records in this file")
    parser.add_argument("--against", type=Path, help="prints what is other than in this file of --json")
    parser.add_argument("--keep", type=Path, help="keeps the workbooks in this folder")
    given = parser.parse_args()
    print(f"xlparity: {Path(str(xlparity.__file__)).parent}")
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        for domain in map(Domain, given.domain or DOMAINS):
            domain.write(given.keep)
            for fault in domain.faults():
                if given.fault in fault.name:
                    domain.write(given.keep, fault, f"{domain.name} {fault.name.replace('/', ' by ')}.xlsx")
        return
    with tempfile.TemporaryDirectory() as folder:
        rights, records = run(given.domain or DOMAINS, given.fault, given.jobs, Path(folder))
    show("workbook", "domain", records)
    show("class", "class", records)
    print()
    print(*misses(records), sep="\n")
    false = [right["domain"] for right in rights if right["verdict"] != "pass" or right["findings"]]
    print(f"\nfalse alarms on right workbooks: {', '.join(false) or 'none'}")
    if given.json:
        given.json.write_text(json.dumps({"right": rights, "faults": records}, indent=1), encoding="utf-8")
    if given.against:
        print(f"\nagainst {given.against}:")
        print(*changes(json.loads(given.against.read_text("utf-8"))["faults"], records), sep="\n")


if __name__ == "__main__":
    main()
