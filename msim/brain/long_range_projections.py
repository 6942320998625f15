"""Contacts onto the cells of a spiking brain: local ones as in the column alone, and long-range ones from fibers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msim.base.seeds import streams
from msim.brain.spiking_plan import BrainPlan, Target
from msim.circuit.connectivity import rows

# Contacts of each cell, then sources, delays in s and weights of all, one cell after the other.
Contacts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
NONE: Contacts = (np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0), np.empty(0))


def local_contacts(plan: BrainPlan, projection: str, regions: Sequence[int]) -> Contacts:
    """Return the contacts within some regions; the first region has those of the column alone.

    regions: numbers, rising
    """
    one = next(each for each in plan.column.spec.projections if each.name == projection)
    wiring, first = plan.column.wirings[projection]
    cells, everyone = plan.sizes[one.to], sum(plan.sizes.values())
    parts = [NONE]
    for region in regions:
        sizes, drawn = rows(wiring, plan.seed, range(cells), first + region * everyone)
        parts.append((sizes, drawn.pre + region * plan.sizes[one.origin], drawn.delay, drawn.weight))
    return _joined(parts)


def fibre_contacts(plan: BrainPlan, target: Target, regions: Sequence[int], rest: np.ndarray) -> Contacts:
    """Draw the contacts from other regions onto the cells of some regions.

    Each cell draws afferents from regions in proportion to fibers. Their number is such that at rest they bring the
    events of the share of background that they replace, so that each counts as about one contact of the background.
    rest: of the origin in every region, Hz, shape (regions,)
    """
    cells, size = plan.sizes[target.to], plan.sizes[plan.origin]
    parts = [NONE]
    for region in regions:
        share = target.share * plan.effect[region]
        total = float(share.sum())
        if total == 0:
            parts.append((np.zeros(cells, dtype=int), *NONE[1:]))
            continue
        wanted = target.rate * total  # events per second and cell
        count = max(1, round(wanted / float(share @ rest / total)))
        ends = np.cumsum(share) / total
        generators = streams(plan.seed, f"fibres onto {target.drive}", range(region * cells, (region + 1) * cells))
        for random in generators:
            sources = np.minimum(np.searchsorted(ends, random.random(count), side="right"), ends.size - 1)
            pre = sources * size + random.integers(size, size=count)
            weight = wanted / count / rest[sources]
            order = np.argsort(pre, kind="stable")
            parts.append((np.array([count]), pre[order], plan.delays[region, sources[order]], weight[order]))
    return _joined(parts)


def _joined(parts: Sequence[Contacts]) -> Contacts:
    sizes, pre, delay, weight = (np.concatenate(one) for one in zip(*parts, strict=True))
    # Numbers that single precision holds exactly, as those of local contacts.
    return sizes, pre, delay, weight.astype(np.float32).astype(float)
