"""What is known of the claims of a project: checked when it is asked for, and kept until a record or eqc changes.

The verdicts are kept in the cache of `generated/`, with a hash of all that they depend on; they may be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from eqc import atomic
from eqc.errors import EqcError
from eqc.freshness import Inputs
from eqc.parallel import over_records
from eqc.project import GENERATED, survey
from eqc.records.catalog import Catalog
from eqc.relations.web import Web

KEPT = Path(GENERATED, "__pycache__", "claims.json")
Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
Key = tuple[str, int]
"""A claim: the id of its record, and its number among the record's claims from 0."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a claim came out: proved, tested, skipped or failed, and the reason."""

    status: str
    reason: str


@dataclass(slots=True)
class Evidence:
    """Verdicts of the claims of a project, and the errors of records that have none.

    >>> found = Evidence({("sinh", 0): Verdict("proved", "proved; tested 20 points")})
    >>> found.labels, found.failures
    ({('sinh', 0): 'proved'}, {})
    """

    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    errors: dict[str, EqcError] = field(default_factory=dict)

    @property
    def labels(self) -> dict[Key, str]:
        """Each claim's status."""
        return {key: verdict.status for key, verdict in self.verdicts.items()}

    @property
    def failures(self) -> dict[Key, Verdict]:
        """The claims that do not hold."""
        return {key: verdict for key, verdict in self.verdicts.items() if verdict.status == "failed"}


def claims_task(record_id: str, catalog: Catalog) -> tuple[Verdict, ...]:
    """Check the claims of one record, in whatever process this is."""
    from eqc.verify.run import claims_of  # heavy: loads the oracle

    return tuple(Verdict(check.status, check.reason) for check in claims_of(record_id, catalog))


def known(root: Path, web: Web, part: Web) -> Evidence:
    """The verdicts that are kept and still hold, for the records of a part of the web."""
    return _valid(_read(root), _hashes(root, web, _claiming(part)))


def gather(root: Path, web: Web, part: Web, jobs: int, progress: Progress) -> Evidence:
    """The verdicts of all claims that link the records of a part of the web: those that are kept, and others made now.

    They hang on more records than the part has: on what its records' other claims name, and on what that is made of.
    """
    hashes = _hashes(root, web, _claiming(part))
    kept = _read(root)
    evidence = _valid(kept, hashes)
    there = {name for name, _ in evidence.verdicts}
    missing = [name for name in hashes if name not in there]
    with progress("checking claims", len(missing)) as step:
        for outcome in over_records(claims_task, root, missing, jobs):
            if outcome.error is not None:
                evidence.errors[outcome.id] = outcome.error
            else:
                found = outcome.value or ()
                evidence.verdicts |= {(outcome.id, number): one for number, one in enumerate(found)}
                kept[outcome.id] = {"hash": hashes[outcome.id], "claims": [[v.status, v.reason] for v in found]}
            step()
    if missing:
        data = json.dumps(dict(sorted(kept.items())), ensure_ascii=False, indent=0).encode()
        atomic.commit(root, {root / KEPT: data})
    return evidence


def _claiming(web: Web) -> list[str]:
    return sorted({link.conclusion for link in web.links if link.kind == "claim"})


def _hashes(root: Path, web: Web, names: Iterable[str]) -> dict[str, str]:
    """For each record a hash of it, of the records that it names, and of those that these are composed of."""
    inputs = Inputs(root, survey(root).files)
    hashes = ((name, inputs.hash(name, _reached(web, name))) for name in names)
    return {name: found for name, found in hashes if found is not None}


def _reached(web: Web, name: str) -> Sequence[str]:
    found = {premise for link in web.into(name) for premise in link.premises}
    ready = sorted(found)
    for one in ready:
        composed = (link for link in web.into(one) if link.kind == "composition")
        more = {premise for link in composed for premise in link.premises} - found - {name}
        found |= more
        ready += sorted(more)
    return sorted(found)


def _valid(kept: Mapping[str, Mapping[str, object]], hashes: Mapping[str, str]) -> Evidence:
    verdicts: dict[Key, Verdict] = {}
    for name, current in hashes.items():
        entry = kept.get(name, {})
        claims = entry.get("claims")
        if entry.get("hash") == current and isinstance(claims, list):
            verdicts |= {(name, number): Verdict(*one) for number, one in enumerate(claims)}
    return Evidence(verdicts)


def _read(root: Path) -> dict[str, dict[str, object]]:
    """What is kept; what cannot be read counts as nothing."""
    try:
        found = json.loads((root / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and all(isinstance(one, dict) for one in found.values()) else {}
