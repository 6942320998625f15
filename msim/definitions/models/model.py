"""ModelDefinition: mechanisms, populations, wiring, links and every value with its source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Mechanism
from msim.base.quantities import Quantity, dimensions_of, parse_in, quantity_text


@dataclass(frozen=True)
class Value:
    """One number of a model.

    si: in SI units
    text: as written in the file
    same_as: path of the value that this one follows, or ''
    """

    path: str
    si: float
    unit: Any
    text: str
    source: str
    note: str
    file: str
    low: float | None = None
    high: float | None = None
    low_is_allowed: bool = True
    same_as: str = ""
    meaning: str = ""

    @property
    def given(self) -> str | float:
        """Return the value as a file gives it: text with a unit, or a bare number."""
        return self.text if not dimensions_of(self.unit).is_dimensionless else self.si


@dataclass(frozen=True)
class MechanismInstance:
    """A form that a model uses under a name of its own, in the cells of one population or of all."""

    name: str
    mechanism: Mechanism
    on: str
    file: str


@dataclass(frozen=True)
class Population:
    """Cells of one type.

    places: (compartment, receptor) for every receptor of which a share sits on another compartment than the first
    """

    name: str
    membrane: str
    receptors: tuple[str, ...]
    file: str
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Projection:
    """All synapses from one population to another.

    receptors: the receptors that a contact feeds
    release: synapse mechanism that scales all of them, or ''; saturation: (receptor, its own synapse mechanism)
    """

    name: str
    origin: str
    to: str
    receptors: tuple[str, ...]
    file: str
    release: str = ""
    saturation: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Drive:
    """Poisson events onto every cell of a population.

    colour: mechanism that scales the events in time, or ''
    """

    name: str
    to: str
    receptors: tuple[str, ...]
    file: str
    colour: str = ""


@dataclass(frozen=True)
class Link:
    """A sum of outputs feeding an input.

    relative_to: outputs whose resting sum is the unit, or () where the value itself is passed on
    has_share: whether only a share of the change from rest is passed on
    """

    name: str
    origin: tuple[str, ...]
    to: str
    relative_to: tuple[str, ...]
    has_share: bool
    file: str

    def transfer(self, value: Any, rest: float, share: float) -> Any:
        """Return the input that follows from a value; both of any type that has + and *.

        rest: value of the input with no drug and no intervention
        """
        return arriving(value, rest, share) if self.has_share else value


@dataclass(frozen=True)
class Part:
    """Effect of a manipulation in given cells and at a given place.

    cells: populations that it changes together, or () where it belongs to none; place: such as 'presynaptic', or ''
    changes: path of a value of the model to the path of the value that it takes
    pulses: slow state, as 'mechanism.state', to the path of the share that is left of it
    """

    cells: tuple[str, ...]
    place: str
    changes: Mapping[str, str]
    pulses: Mapping[str, str]


@dataclass(frozen=True)
class Manipulation:
    """A named change that an arm may apply to a model: values and states of mechanisms, never an outcome.

    acute: whether it may begin or end while the model runs
    amount: path of its usual amount, from 0 (normal) to 1 (as the parts say), or '' for 1
    """

    name: str
    kind: str
    meaning: str
    acute: bool
    amount: str
    parts: tuple[Part, ...]
    file: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the populations that parts of the manipulation name."""
        return tuple(dict.fromkeys(one for part in self.parts for one in part.cells))

    @property
    def places(self) -> tuple[str, ...]:
        """Return the places that parts of the manipulation name."""
        return tuple(dict.fromkeys(part.place for part in self.parts if part.place))


@dataclass(frozen=True)
class Hypothesis:
    """One of the rival accounts that a model can represent.

    changes: path of a value of the model to the path of the value that it takes
    """

    name: str
    meaning: str
    changes: Mapping[str, str]
    file: str


@dataclass(frozen=True)
class Preparation:
    """The subject that a model represents, a body or a slice; or a state of it, such as depressed.

    changes: path of a value of the model to the path of the value that it takes
    body_weight: path of its weight, or ''; bath: whether drugs come in a bath and not by a body
    """

    name: str
    meaning: str
    changes: Mapping[str, str]
    body_weight: str
    bath: bool
    file: str


@dataclass(frozen=True)
class Roles:
    """Cells, outputs and values of a model that figures, readouts and studies look for; '' or () where it has none.

    population: whose cells make the fields that are measured; gain: factor on their AMPA conductance
    block: blocked share of each pool of receptors, in groups of pools that a drug blocks nearly alike; the first is the
        pool of that population that spikes activate
    cascade: signals between block and gain; spines: number, relative to health; miniatures: path of their rate
    """

    population: str = ""
    gain: str = ""
    block: tuple[tuple[str, ...], ...] = ()
    cascade: tuple[str, ...] = ()
    bold: str = ""
    spines: str = ""
    miniatures: str = ""

    @property
    def pools(self) -> tuple[str, ...]:
        """Return the blocked shares of all pools."""
        return tuple(one for alike in self.block for one in alike)


@dataclass(frozen=True, eq=False)
class ModelDefinition:
    """A model as its files state it; a change makes another model. Two are equal where their digests are."""

    name: str
    title: str
    files: Mapping[str, str]
    instances: Mapping[str, MechanismInstance]
    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    drives: Mapping[str, Drive]
    links: Mapping[str, Link]
    manipulations: Mapping[str, Manipulation]
    values: Mapping[str, Value]
    hypotheses: Mapping[str, Hypothesis] = field(default_factory=dict)
    preparations: Mapping[str, Preparation] = field(default_factory=dict)
    states: Mapping[str, Preparation] = field(default_factory=dict)
    roles: Roles = Roles()
    variants: Mapping[str, Preparation] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the texts of all files, of every mechanism, cell type and link, and of every value."""
        values = [(one.path, one.si, one.text, one.same_as, one.source) for one in self.values.values()]
        parts = (
            self.name, self.title, sorted(self.files.values()), self.instances, self.populations, self.projections,
            self.drives, self.links, self.roles, values,
        )  # fmt: skip
        return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()

    def __hash__(self) -> int:
        return int(self.digest[:15], 16)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, ModelDefinition) and self.digest == other.digest)

    def __getitem__(self, path: str) -> float:
        """Return the value at a dotted path, in SI units."""
        return self.resolved(self.known(path, self.name)).si

    def resolved(self, path: str) -> Value:
        """Return the value at a path, or the value that it follows."""
        value = self.values[path]
        return self.values[value.same_as] if value.same_as else value

    def known(self, path: str, where: str) -> str:
        """Return a path, and refuse one at which the model has no value."""
        if path not in self.values:
            raise DefinitionError(where, f"the model has no value '{path}'{nearest(path, self.values)}")
        return path

    def with_value(self, path: str, text: str | int | float, where: str = "set") -> ModelDefinition:
        """Return the model with another value at a dotted path, such as '5 minute' at 'eef2k.tau_K'."""
        old = self.values[self.known(path, where)]
        if old.same_as:
            raise DefinitionError(where, f"'{path}' follows '{old.same_as}': set that one")
        blank = replace(old, text=str(text), source="set", note=f"was {old.text}")
        new = checked_value(blank, text, f"{where}: {path}")
        return replace(self, values={**self.values, path: new})

    def followers(self, path: str) -> list[str]:
        """Return a path and the paths of all values that follow the value there."""
        return [path, *(one.path for one in self.values.values() if one.same_as == path)]

    def parameters(self, instance: str) -> dict[str, float]:
        """Return the numbers of a mechanism in SI units, by the form's names."""
        form = self.instances[instance].mechanism
        return {one.name: self[f"{instance}.{one.name}"] for one in form.parameters}

    def cells(self, population: str) -> int:
        """Return the number of cells of a population; shares are rounded, and no population is empty."""
        return max(1, int(round(self["column.n_cells"] * self[f"{population}.share"])))

    def reference_cells(self, population: str) -> int:
        """Return the number of cells of a population in the column for which the in-degrees are written."""
        return max(1, int(round(self["column.reference_cells"] * self[f"{population}.share"])))

    def share_of(self, link: Link) -> float:
        """Return the share of the change from rest that a link passes on."""
        return self[f"{link.name}.share"] if link.has_share else 1.0

    def rest_of(self, link: Link) -> float:
        """Return the resting value of the input that a link feeds, such as 1 for a gain and 0 for a block."""
        *_, owner, name = link.to.split(".")
        port = self.instances[owner].mechanism.input(name)
        return port.at_rest if port else 0.0

    def transferred(self, link: Link, value: Any) -> Any:
        """Return the input that a link feeds where its outputs, relative to rest if it says so, add up to a value."""
        return link.transfer(value, self.rest_of(link), self.share_of(link))

    def feeds_receptor(self, link: Link) -> bool:
        """Return whether a link ends at a receptor of spiking cells."""
        return link.to.split(".")[0] in self.populations

    def feeds_slow(self, link: Link) -> bool:
        """Return whether a link ends at a slow mechanism."""
        owner = self.instances.get(link.to.split(".")[0])
        return owner is not None and owner.mechanism.scale == "slow"

    def comes_from_bursts(self, link: Link) -> bool:
        """Return whether a link begins at averages of spiking cells."""
        return link.origin[0].split(".")[0] in self.populations

    def on_scale(self, scale: str) -> list[MechanismInstance]:
        """Return all mechanisms of a scale, in the order of the files."""
        return [one for one in self.instances.values() if one.mechanism.scale == scale]


def arriving(value: Any, rest: float, share: float) -> Any:
    """Return rest plus a share of the difference of a value from rest."""
    return rest + share * (value - rest)


def checked_value(value: Value, given: str | int | float, where: str) -> Value:
    """Read `given` in the unit of `value` and check it against the value's bounds."""
    si = float(parse_in(given, value.unit, where))
    at_low = value.low is not None and si == value.low
    if value.low is not None and (si < value.low or (at_low and not value.low_is_allowed)):
        comparison = "at least" if value.low_is_allowed else "more than"
        raise DefinitionError(where, f"wants {comparison} {_bound(value.low, value)}, got {given!r}")
    if value.high is not None and si > value.high:
        raise DefinitionError(where, f"wants at most {_bound(value.high, value)}, got {given!r}")
    return replace(value, si=si)


def _bound(si: float, value: Value) -> str:
    return quantity_text(Quantity(si, dimensions_of(value.unit)))
