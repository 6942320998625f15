"""The functions of one projection in C++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brian2.core.variables import ArrayVariable

from msim.backends.cpp.names import CLOCK, INDENT, Names, indented, key
from msim.backends.cpp.render import Sites, local, rendered
from msim.backends.cpp.statements import Block, SynapseBlocks
from msim.base.errors import InputError
from msim.network.spec import Projection


class SynapseWriter:
    """Writer of the functions of one projection.

    values: names of numbers given for every contact; states: names of numbers of every contact that change
    """

    def __init__(
        self, one: Projection, synapses: Any, blocks: SynapseBlocks, values: list[str], states: list[str],
        scalars: list[str], layouts: Mapping[str, Any], timed: Sequence[str],
    ) -> None:  # fmt: skip
        self.one, self.blocks = one, blocks
        self.values, self.states, self.scalars = values, states, scalars
        self.target = layouts[one.to]
        self.indices = synapses.variables.indices
        self.names = Names(one, blocks.all(), scalars, timed)
        held = {
            name: "not_refractory_post"
            for name, v in synapses.variables.items()
            if name.endswith("_post") and getattr(v, "conditional_write", None) is not None
        }
        self.held = held
        self.code = {
            b.name + str(k): rendered(one.name, b, Sites(), False, held if b.name == "on_pre" else {})
            for k, b in enumerate(blocks.all())
        }
        self.of = {id(b): self.code[b.name + str(k)] for k, b in enumerate(blocks.all())}
        self.keeps_time = "lastupdate" in synapses.variables
        on_pre = self.of[id(blocks.on_pre)].loop if blocks.on_pre else ()
        self.draws = any("draw." in line for line in on_pre)
        for b in blocks.all():
            self._refuse(b)

    def _refuse(self, block: Block) -> None:
        for name in block.arrays():
            variable = block.variables[name]
            post = name[: -len("_post")] if name.endswith("_post") else ""
            place = self.target["scalars"] if variable.scalar else self.target["arrays"]
            known = (*self.values, *self.states, *self.scalars, "t", "dt", "t_in_timesteps", "lastupdate")
            if name not in known and post not in (*place, "i", "not_refractory"):
                raise InputError(f"{self.one.name}: '{name}' is not supported in synapses by target cpp")
        if block.name != "on_pre" and any("draw." in line for line in self.of[id(block)].loop):
            raise InputError(f"{self.one.name}: random numbers in every step of a synapse are not supported")

    def fixed(self) -> str:
        """Write the struct of numbers that are computed once a run."""
        members = "".join(f" double {name};" for r in self.of.values() for name in r.fixed_names)
        return f"struct Fixed_{self.one.name} {{{members} double none; }};"

    def _head(self, block: Block, precise: bool = False) -> list[str]:
        kind, name = "double" if precise else "real", self.one.name
        used = block.read() | block.written()
        lines = [f"const {kind} dt = ({kind})E.dt; (void)dt;"]
        lines += ["Population& P = E.populations[S.target]; (void)P;"]
        lines += [
            f"const {kind} {local(one)} = ({kind})S.scalars[{k}];" for k, one in enumerate(self.scalars) if one in used
        ]
        lines += [
            f"const {kind} {one}_post = ({kind})P.scalars[{k}];"
            for k, one in enumerate(self.target["scalars"])
            if f"{one}_post" in used
        ]
        if not precise:
            lines += [f"const Fixed_{name}& F = *reinterpret_cast<const Fixed_{name}*>(S.fixed.data()); (void)F;"]
            lines += [f"const real {one} = (real)F.{one};" for one in self.of[id(block)].fixed_names]
        return lines + self.names.prelude()

    def _prepare(self) -> str:
        lines: list[str] = []
        for block in self.blocks.all():
            lines += ["{", *(INDENT + one for one in self._head(block, precise=True))]
            lines += [*(INDENT + one for one in self.of[id(block)].fixed), "}"]
        name = self.one.name
        return (
            f"static void prepare_{name}(Engine& E, Projection& S) {{\n"
            f"    Fixed_{name}& F = *reinterpret_cast<Fixed_{name}*>(S.fixed.data()); (void)F; (void)E;\n"
            f"{indented(lines, 1)}\n}}"
        )

    def _access(self, block: Block, value: str) -> tuple[list[str], list[str], list[str]]:
        """Write the lines that declare arrays, read them for synapse k with target j, and write them back."""
        pointers, read, write = [], [], []
        written = {n for n in block.written() if isinstance(block.variables.get(n), ArrayVariable)}
        for name in block.arrays():
            if block.variables[name].scalar or name in ("t", "dt"):
                continue
            qualifier = "" if name in written else "const "
            post = name[: -len("_post")] if name.endswith("_post") else ""
            if name in self.values:
                place = f"values_of<{value}>(S)[{self.values.index(name)}]"
                pointers.append(f"const {value}* __restrict A_{name} = {place}.data;")
                read.append(f"const real {local(name)} = (real)A_{name}[k];")
                continue
            if name in self.states:
                pointers.append(f"{qualifier}real* __restrict A_{name} = S.states[{self.states.index(name)}].data;")
                place = "k"
            elif name == "lastupdate":
                pointers.append(f"{qualifier}double* __restrict A_lastupdate = S.last_update.data;")
                place = "k"
            elif post == "i":
                read.append("const int64_t i_post = P.gid[j];")
                continue
            elif post in self.target["arrays"]:
                pointers.append(f"{qualifier}real* A_{name} = P.arrays[{self.target['arrays'].index(post)}].data;")
                place = "j"
            else:
                continue
            kind = "double" if name == "lastupdate" else "real"
            read.append(f"{qualifier}{kind} {local(name)} = A_{name}[{place}];")
            if name in written:
                write.append(f"A_{name}[{place}] = {local(name)};")
        return pointers, read, write

    def _deliver(self) -> str:
        block = self.blocks.on_pre
        if block is None:
            return ""
        found, name = self.of[id(block)], self.one.name
        pointers, read, write = self._access(block, "VALUE")
        head = [CLOCK, *self._head(block), *found.each]
        loop = [*read]
        if self.held or "not_refractory_post" in block.read():
            loop += ["const bool not_refractory_post = P.refractory[j] == 0;"]
        if self.draws:
            loop += ["Draw draw = {source, P.gid[j], (uint32_t)step, S.contact[k], E.seed, S.key};"]
        loop += [*found.loop, *write]
        return (
            "template <class TARGET, class VALUE>\n"
            f"static void deliver_{name}(Engine& E, Projection& S, uint32_t source, uint32_t from, uint32_t to, "
            "int64_t step) {\n    (void)source;\n"
            f"{indented(head, 1)}\n"
            f"{indented(pointers, 1)}\n"
            "    const TARGET* __restrict target = targets_of<TARGET>(S);\n"
            "    for (uint32_t k = from; k < to; ++k) {\n        const uint32_t j = target[k];\n"
            f"{indented(loop, 2)}\n    }}\n}}"
        )

    def _update(self) -> str:
        block = self.blocks.update
        if block is None:
            return ""
        found = self.of[id(block)]
        parts = []
        for value in ("float", "double"):
            pointers, read, write = self._access(block, value)
            body = [CLOCK, *self._head(block), *found.each, *pointers]
            loop = ["const uint32_t j = S.uint16_targets ? S.targets[k] : S.wide_targets[k]; (void)j;", *read]
            loop += ["{", *(INDENT + line for line in found.loop), "}", *write]
            head = "        for (int64_t k = 0; k < whole(S.n_pad); ++k) {"
            parts.append(f"{indented(body, 2)}\n{head}\n{indented(loop, 3)}\n        }}")
        return (
            f"void update_{self.one.name}(Engine& E, Projection& S, int64_t step) {{\n"
            f"    if (S.float32_weights) {{\n{parts[0]}\n"
            f"    }} else {{\n{parts[1]}\n    }}\n}}"
        )

    def _sum(self) -> str:
        lines: list[str] = []
        for name, block in self.blocks.summed.items():
            found = self.of[id(block)]
            place = self.target["arrays"].index(name[: -len("_post")])
            for value, condition in (("float", "S.float32_weights"), ("double", "!S.float32_weights")):
                pointers, read, _ = self._access(block, value)
                lines += [f"if ({condition}) {{", *(INDENT + one for one in (CLOCK, *self._head(block), *found.each))]
                lines += [INDENT + f"real* total = P.arrays[{place}].data;"]
                lines += [INDENT + "for (int j = 0; j < P.n; ++j) total[j] = 0;", *(INDENT + one for one in pointers)]
                lines += [INDENT + "for (int64_t k = 0; k < S.n; ++k) {"]
                lines += [INDENT * 2 + "const uint32_t j = S.target_of(k);"]
                lines += [*(INDENT * 2 + one for one in (*read, *found.loop)), INDENT * 2 + "total[j] += added;"]
                lines += [INDENT + "}", "}"]
        if not lines:
            return ""
        return f"static void sum_{self.one.name}(Engine& E, Projection& S, int64_t step) {{\n{indented(lines, 1)}\n}}"

    def vector(self) -> str:
        """Write the code for the vectorized unit: the loop over all synapses."""
        return "\n".join([self.fixed(), self._update()]) if self.blocks.update is not None else ""

    def scalar(self) -> str:
        """Write the code for the unit that is not vectorized: events, sums."""
        declared = f"void update_{self.one.name}(Engine&, Projection&, int64_t);" if self.blocks.update else ""
        return "\n".join([self.fixed(), declared, self._prepare(), self._deliver(), self._sum()])

    def table(self, origin: int, target: int) -> str:
        """Write the projection's line in the table of the model."""
        name = self.one.name
        size = sum(len(r.fixed_names) for r in self.of.values()) + 1
        variants = [f"deliver_{name}<{t}, {v}>" for t in ("uint16_t", "uint32_t") for v in ("float", "double")]
        if self.blocks.on_pre is None:
            variants = ["nullptr"] * 4
        pairs = f"{{{{{variants[0]}, {variants[1]}}}, {{{variants[2]}, {variants[3]}}}}}"
        return (
            f"{{{key('projection ' + name)}, {origin}, {target}, {len(self.values)}, {len(self.states)}, "
            f"{len(self.scalars)}, {size}, {str(self.keeps_time).lower()}, {str(self.draws).lower()}, {pairs}, "
            f"prepare_{name}, {'update_' + name if self.blocks.update else 'nullptr'}, "
            f"{'sum_' + name if self.blocks.summed else 'nullptr'}}},"
        )
