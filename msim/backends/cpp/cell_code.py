"""The functions of one population in C++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msim.backends.cpp.names import CLOCK, INDENT, Names, indented, key, used
from msim.backends.cpp.render import Sites, local, rendered
from msim.backends.cpp.statements import Block, CellBlocks
from msim.network.spec import Cells


class CellWriter:
    """Writer of the functions of one population."""

    def __init__(
        self, one: Cells, names: Names, arrays: list[str], held: Mapping[str, str], sites: Sites,
        blocks: CellBlocks, whole: list[tuple[Block, Any]],
    ) -> None:  # fmt: skip
        self.one, self.names, self.arrays, self.held = one, names, arrays, held
        self.sites, self.blocks, self.whole = sites, blocks, whole
        self.extra = {
            b.name: rendered(one.name, b, sites, dense, {})
            for b, dense in ((blocks.refractory, True), (blocks.watched, True), (blocks.reset, False))
            if b is not None
        }

    def fixed(self) -> str:
        """Write the struct of numbers that are computed once a run."""
        found = [*(r.fixed_names for _, r in self.whole), *(r.fixed_names for r in self.extra.values())]
        members = "".join(f" double {name};" for part in found for name in part)
        return f"struct Fixed_{self.one.name} {{{members} double none; }};"

    def fixed_size(self) -> int:
        """Return the number of doubles in the struct of numbers that are computed once a run."""
        found = [*(r.fixed_names for _, r in self.whole), *(r.fixed_names for r in self.extra.values())]
        return sum(len(part) for part in found) + 1

    def head(self, blocks: Sequence[Block], fixed: Sequence[str] = (), precise: bool = False) -> list[str]:
        """Write the lines that declare all names which the blocks read, except arrays."""
        kind = "double" if precise else "real"
        used = set().union(*(b.read() | b.written() for b in blocks)) if blocks else set()
        lines = [f"const {kind} dt = ({kind})E.dt; (void)dt;"]
        lines += ["const int64_t N = P.n_global; (void)N;"] if "N" in used else []
        lines += [
            f"const {kind} {local(name)} = ({kind})P.scalars[{k}];"
            for k, name in enumerate(self.names.scalars) if name in used
        ]  # fmt: skip
        lines += [f"const real {name} = (real)F.{name};" for name in fixed]
        return lines + self.names.prelude()

    def clock(self) -> list[str]:
        """Write the lines that declare the time."""
        return [CLOCK]

    def pointers(self, touched: Sequence[str], written: set[str]) -> list[str]:
        """Write the lines that declare arrays."""
        return [
            f"{'' if one in written else 'const '}real* __restrict A_{one} = P.arrays[{self.arrays.index(one)}].data;"
            for one in touched
        ]

    def prepare(self) -> str:
        """Write the function that computes, once a run, the numbers that stay constant during it."""
        name = self.one.name
        parts = [(b, r) for b, r in self.whole] + [
            (b, self.extra[b.name]) for b in (self.blocks.refractory, self.blocks.watched, self.blocks.reset) if b
        ]
        body = self.head([b for b, _ in parts], precise=True)
        body += [line for _, r in parts for line in r.fixed]
        if self.blocks.refractory is not None:
            body += self._refractory_steps(self.blocks.refractory)
        return (
            f"void prepare_{name}(Engine& E, Population& P) {{\n"
            f"    Fixed_{name}& F = *reinterpret_cast<Fixed_{name}*>(P.fixed.data()); (void)F;\n"
            f"{indented(body, 1)}\n}}"
        )

    def _refractory_steps(self, block: Block) -> list[str]:
        found = self.extra[block.name]
        touched, _ = used([block])
        lines = self.pointers(touched, set())
        lines += ["lane* __restrict steps = P.refractory_steps.data;", "for (int k = 0; k < whole(P.n_pad); ++k) {"]
        lines += [INDENT + f"const real {local(name)} = A_{name}[k];" for name in touched]
        lines += [INDENT + one for one in found.loop]
        # One more step than none: a cell that has just fired counts as refractory for the events of that step.
        return [*lines, INDENT + "steps[k] = refractory_steps > 1 ? (lane)refractory_steps : 1;", "}"]

    def update(self) -> str:
        """Write the loop over all cells: first expressions, states, threshold, background events."""
        name, blocks = self.one.name, [b for b, _ in self.whole]
        touched, written = used(blocks)
        fixed = [n for _, r in self.whole for n in r.fixed_names]
        draws = any("draw_at(" in line for _, r in self.whole for line in r.loop)
        uses_gid = draws or any("i" in b.read() for b in blocks)
        body = [*self.clock(), *self.head(blocks, fixed), *self.pointers(touched, written)]
        body += [line for _, r in self.whole for line in r.each]
        body += [
            f"const real* __restrict site_{k} = P.sites[{place}].values.data + (step & 1) * P.n_pad;"
            for place, k in enumerate(sorted(self.sites.buffered))
        ]
        body += ["const uint32_t* __restrict gid = P.gid.data;"] if uses_gid else []
        body += ["lane* __restrict A_refractory = P.refractory.data;"] if self._refracts() else []
        body += ["const lane* __restrict A_steps = P.refractory_steps.data;"] if self._refracts() else []
        body += ["lane* __restrict A_fired = P.fired.data;"] if self.blocks.threshold else []
        body += ["const int n = whole(P.n_pad);", "#pragma GCC ivdep", "for (int k = 0; k < n; ++k) {"]
        inner = self._loop(touched, written, uses_gid)
        return (
            f"void update_{name}(Engine& E, Population& P, int64_t step) {{\n"
            f"    const Fixed_{name}& F = *reinterpret_cast<const Fixed_{name}*>(P.fixed.data()); (void)F;\n"
            f"{indented(body, 1)}\n{indented(inner, 2)}\n    }}\n}}"
        )

    def _refracts(self) -> bool:
        return self.blocks.threshold is not None and self.blocks.refractory is not None

    def _loop(self, touched: Sequence[str], written: set[str], uses_gid: bool) -> list[str]:
        lines = [f"{'' if name in written else 'const '}real {local(name)} = A_{name}[k];" for name in touched]
        lines += ["const int64_t i = gid[k]; (void)i;"] if uses_gid else []
        lines += [f"const real drawn_{k} = site_{k}[k];" for k in sorted(self.sites.buffered)]
        if self._refracts():
            lines += ["lane wait = A_refractory[k];", "wait = wait > 0 ? wait - 1 : 0;"]
        lines += [f"const bool not_refractory = {'wait == 0' if self._refracts() else 'true'}; (void)not_refractory;"]
        if any("draw_at(" in line for _, r in self.whole for line in r.loop):
            lines += ["const auto draw_at = [&](uint32_t site) { return P.draw(E.seed, k, step, site); };"]
        for block, found in self.whole:
            if block.name == "threshold":
                lines += ["bool reached;", "{", *(INDENT + one for one in found.loop), INDENT + "reached = fired;", "}"]
                lines += ["const bool spikes = reached & not_refractory;", "A_fired[k] = spikes ? 1 : 0;"]
                lines += ["A_refractory[k] = spikes ? A_steps[k] : wait;"] if self._refracts() else []
            else:
                lines += ["{", *(INDENT + one for one in found.loop), "}"]
        return [*lines, *(f"A_{name}[k] = {local(name)};" for name in touched if name in written)]

    def watch(self) -> str:
        """Write the loop that computes watched expressions."""
        block, name = self.blocks.watched, self.one.name
        if block is None:
            return ""
        found = self.extra[block.name]
        touched, _ = used([block])
        body = [*self.clock(), *self.head([block], found.fixed_names), *self.pointers(touched, set()), *found.each]
        body += [
            f"real* __restrict W_{k} = P.watches[{k}].value.data;" for k in range(len(self.one.watched))
        ]
        uses_gid = "i" in block.read()
        body += ["const uint32_t* __restrict gid = P.gid.data;"] if uses_gid else []
        body += ["#pragma GCC ivdep", "for (int k = 0; k < whole(P.n_pad); ++k) {"]
        inner = [f"const real {local(one)} = A_{one}[k];" for one in touched]
        inner += ["const int64_t i = gid[k]; (void)i;"] if uses_gid else []
        if "not_refractory" in block.read():
            body.insert(0, "const lane* __restrict A_refractory = P.refractory.data;")
            inner += ["const bool not_refractory = A_refractory[k] == 0;"]
        inner += [*found.loop, *(f"W_{k}[k] = watched_{k};" for k in range(len(self.one.watched)))]
        return (
            f"void watch_{name}(Engine& E, Population& P, int64_t step) {{\n"
            f"    const Fixed_{name}& F = *reinterpret_cast<const Fixed_{name}*>(P.fixed.data()); (void)F;\n"
            f"{indented(body, 1)}\n{indented(inner, 2)}\n    }}\n}}"
        )

    def reset(self) -> str:
        """Write the loop over cells that have just fired."""
        block, name = self.blocks.reset, self.one.name
        if block is None:
            return self.fixed()
        found = self.extra[block.name]
        touched, written = used([block])
        body = [*self.clock(), *self.head([block], found.fixed_names), *self.pointers(touched, written), *found.each]
        inner = [f"{'' if one in written else 'const '}real {local(one)} = A_{one}[k];" for one in touched]
        inner += ["const int64_t i = P.gid[k]; (void)i;"] if "i" in block.read() else []
        if any("draw." in line for line in found.loop):
            inner += ["Draw draw = P.draw(E.seed, (int)k, step, 0xE00u);"]
        inner += [*found.loop, *(f"A_{one}[k] = {local(one)};" for one in touched if one in written)]
        return (
            f"{self.fixed()}\nstatic void reset_{name}(Engine& E, Population& P, int64_t step) {{\n"
            f"    const Fixed_{name}& F = *reinterpret_cast<const Fixed_{name}*>(P.fixed.data()); (void)F;\n"
            f"{indented(body, 1)}\n    for (uint32_t k : P.now) {{\n{indented(inner, 2)}\n    }}\n}}"
        )

    def declarations(self) -> list[str]:
        """Write declarations of the functions that the vectorized unit defines."""
        name = self.one.name
        lines = [f"void update_{name}(Engine&, Population&, int64_t);"]
        return lines + ([f"void watch_{name}(Engine&, Population&, int64_t);"] if self.blocks.watched else [])

    def table(self, events: Sequence[int], keys: Sequence[str]) -> tuple[str, str]:
        """Write the constants of the population, and its line in the table of the model."""
        name = self.one.name
        sites = ", ".join(
            f"{{{number}u, {'true' if kind == 'normal' else 'false'}}}"
            for number, kind in sorted(self.sites.buffered.items())
        )
        row = (
            f"{{{key('cells ' + name)}, {len(self.arrays)}, {len(self.names.scalars)}, {self.fixed_size()}, "
            f"{len(self.sites.buffered)}, {len(events)}, {len(self.one.watched)}, events_of_{name}, keys_of_{name}, "
            f"sites_of_{name}, prepare_{name}, update_{name}, "
            f"{'reset_' + name if self.blocks.reset else 'nullptr'}, "
            f"{'watch_' + name if self.blocks.watched else 'nullptr'}}},"
        )
        constants = (
            f"static const int events_of_{name}[] = {{{', '.join(map(str, [*events, -1]))}}};\n"
            f"static const uint32_t keys_of_{name}[] = {{{', '.join([*keys, '0u'])}}};\n"
            f"static const SiteCode sites_of_{name}[] = {{{sites + ', ' if sites else ''}{{0u, false}}}};"
        )
        return constants, row
