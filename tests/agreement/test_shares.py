"""A link hands over the rest of its input and a share of the change from it, whoever reads the link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest

from msim.backends.fast_network import Burst
from msim.base.equations import slopes, subexpressions
from msim.base.errors import DefinitionError
from msim.definitions.models.addresses import outputs
from msim.definitions.models.constants import constants
from msim.definitions.models.drug_binding import with_given_drugs
from msim.definitions.models.fast_inputs import receptor_inputs
from msim.definitions.models.links import check_links
from msim.definitions.models.model import Link, ModelDefinition
from msim.definitions.models.read_model import read_model
from msim.emulator.axes import axes_of
from msim.emulator.derived import Derived, derived_averages
from msim.evidence.physiology import _set_blocks
from msim.meg.fit import true_change
from msim.multiscale.co_simulation import apply_slow_to_fast
from msim.multiscale.slow.ode import reference_name, slow_system
from msim.multiscale.slow.scale import SlowScale
from tests.known_column import KnownColumn

SHARE = 0.3
COLUMN = read_model("circuits/cortical_column").with_value("column.n_cells", 100)
MODEL = with_given_drugs(COLUMN, ("ketamine",))
FEEDING_CELLS = [one.name for one in MODEL.links.values() if MODEL.feeds_receptor(one)]


def shared(model: ModelDefinition, name: str) -> ModelDefinition:
    """The model with a share on one of its links."""
    link, path = model.links[name], f"{name}.share"
    like = replace(model.values["gain_on_long_range.share"], path=path, si=SHARE, text=str(SHARE), same_as="")
    links = {**model.links, name: replace(link, has_share=True)}
    return replace(model, links=links, values={**model.values, path: like})


def accepted(model: ModelDefinition, name: str) -> bool:
    try:
        check_links(shared(model, name))
    except DefinitionError:
        return False
    return True


ALLOWED = [name for name in MODEL.links if accepted(MODEL, name)]
FEEDING_SLOW = [name for name in ALLOWED if MODEL.feeds_slow(MODEL.links[name])]


def input_of(model: ModelDefinition, link: Link) -> Any:
    *_, owner, name = link.to.split(".")
    port = model.instances[owner].mechanism.input(name)
    assert port is not None
    return port


def wanted(model: ModelDefinition, link: Link, value: Any) -> Any:
    """The law, in words of its own: rest, and a share of what is beyond."""
    rest = input_of(model, link).at_rest
    return (1 - SHARE) * rest + SHARE * value if link.has_share else value


def test_every_kind_of_link_takes_a_share_where_it_has_one_rest() -> None:
    """Between slow mechanisms, from bursts, down to cells; of inputs that rest at 1 and at 0."""
    rests = {MODEL.feeds_receptor(MODEL.links[one]): set() for one in ALLOWED}
    for one in ALLOWED:
        rests[MODEL.feeds_receptor(MODEL.links[one])].add(input_of(MODEL, MODEL.links[one]).at_rest)
    assert rests == {True: {0.0, 1.0}, False: {0.0, 1.0}}
    assert set(FEEDING_CELLS) <= set(ALLOWED)
    assert any(MODEL.comes_from_bursts(MODEL.links[one]) for one in FEEDING_SLOW)


@pytest.mark.parametrize(("name", "words"), [
    ("activation_on_pv", "known at rest"),  # an average of bursts that is not held against its rest
    ("ketamine_to_block_pv", "without unit"),
    ("potential_of_pv", "without unit"),
    ("activation_of_resting", "wants an output that is 0 at rest, as 'block_resting.rho' is"),
    ("activity_to_bold", "takes no share"),
])  # fmt: skip
def test_a_share_of_what_has_no_common_rest_is_refused(name: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        check_links(shared(MODEL, name))


@pytest.mark.parametrize(("origin", "to"), [
    ("camkii.activity", "pv.nmda_pv.block"),  # 1 at rest: half of the receptors blocked without a drug
    ("block_pv.b", "pv.ampa.gain"),
])
def test_an_output_that_rests_elsewhere_takes_no_share(origin: str, to: str) -> None:
    other = replace(next(one for one in MODEL.links.values() if one.to == to), origin=(origin,))
    with pytest.raises(DefinitionError, match="at rest, as"):
        check_links(shared(replace(MODEL, links={**MODEL.links, other.name: other}), other.name))


class Cells(KnownColumn):
    """Remembers what each cell was handed."""

    def __init__(self, model: ModelDefinition) -> None:
        super().__init__(model)
        self.given: dict[str, np.ndarray] = {}

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.given[f"{population}.{receptor}.{name}"] = np.array(values)


class Given(SlowScale):
    """A slow scale whose outputs are what a test says."""

    def outputs(self, *_: Any) -> dict[str, np.ndarray]:
        return dict(self.references)


@pytest.mark.parametrize("name", FEEDING_CELLS)
@pytest.mark.parametrize("seed", range(3))
def test_all_that_hand_down_agree(name: str, seed: int) -> None:
    """States of cells, means over them, axes of an emulator and the truth of a fit; at rest nothing is changed."""
    model = shared(MODEL, name)
    link = model.links[name]
    population, receptor, port = link.to.split(".")
    random, rest = np.random.default_rng(seed), input_of(model, link).at_rest
    own = model.instances[link.origin[0].split(".")[0]].on
    every = {one: random.uniform(0.1, 0.9, model.cells(own)) for one in link.origin}
    value = np.sum(list(every.values()), axis=0)
    law = wanted(model, link, value if own == population else np.full(model.cells(population), value.mean()))

    cells = Cells(model)
    apply_slow_to_fast(cells, Given(model, {}, lambda time: {}, every), {}, 0.0, {})
    np.testing.assert_allclose(cells.given[link.to], law, rtol=1e-12)
    apply_slow_to_fast(
        cells,
        Given(model, {}, lambda time: {}, dict.fromkeys(link.origin, np.full(model.cells(own), rest))),
        {},
        0.0,
        {},
    )
    np.testing.assert_allclose(cells.given[link.to], rest, rtol=1e-12)

    means = {one: float(values.mean()) for one, values in every.items()}
    found = receptor_inputs(model, means)
    assert found[population, receptor, port] == pytest.approx(law.mean(), rel=1e-12)

    axis = next(one for one in axes_of(model) if link.to in [target.text for target in one.targets])
    target = next(one for one in axis.targets if one.text == link.to)
    assert axis.at_target(float(value.mean()), target) == pytest.approx(law.mean(), rel=1e-12)
    assert axis.from_target(float(law.mean()), target) == pytest.approx(float(value.mean()), rel=1e-12)

    if population == "pyramidal" and receptor in ("ampa", "nmda"):
        left = 1 - law.mean() if port == "block" else law.mean()
        rested = dict.fromkeys(link.origin, rest)
        assert true_change(model, rested, means, receptor) == pytest.approx(np.log(left), rel=1e-12)


@pytest.mark.parametrize("name", [one for one in FEEDING_CELLS if MODEL.links[one].to.endswith(".gain")])
def test_what_a_emulator_takes_out_of_averages_has_the_share(name: str) -> None:
    """A conductance with its gain follows from the one without."""
    model = shared(MODEL, name)
    link = model.links[name]
    population, receptor, _ = link.to.split(".")
    axes = axes_of(model)
    names = [f"{population}.{receptor}.{one}" for one in ("g", "gated")]
    found: Derived = next(one for one in derived_averages(model, axes, names) if one.name.endswith("gated"))
    axis = next(one for one in axes if link.to in [target.text for target in one.targets])
    gains = np.linspace(0.8, 1.8, 5)
    assert found.values(np.ones(5), {axis.name: gains}) == pytest.approx(wanted(model, link, gains), rel=1e-12)


def at_rest(model: ModelDefinition) -> Burst:
    """A burst in which all averages of cells are alike."""
    halves = {}
    for text, address in outputs(model).items():
        if address.kind in ("population", "receptor"):
            value = -0.06 if address.name.startswith("v") else 0.05
            halves[text] = np.full((2, model.cells(address.population)), value)
    return Burst(1.0, halves, {}, {}, 1e3)


def test_a_bath_blocks_the_share() -> None:
    """What msim physiology sets is the share of what it sets without one."""
    blocks = [one for one in FEEDING_CELLS if MODEL.links[one].to.endswith(".block")]
    found = []
    for model in (MODEL, reduce(shared, blocks, MODEL)):
        cells = Cells(model)
        _set_blocks(model, cells, at_rest(model), "ketamine", 1.0)
        found.append(cells.given)
    assert len(blocks) == 4
    for name in blocks:
        to = MODEL.links[name].to
        assert found[0][to].min() > 0.01
        np.testing.assert_allclose(found[1][to], SHARE * found[0][to], rtol=1e-12)


def handed(
    model: ModelDefinition, link: Link, shown: Mapping[str, np.ndarray], outside: Mapping[str, np.ndarray]
) -> Any:
    """What a link gives a slow mechanism, read off the definition."""
    if model.comes_from_bursts(link):
        return wanted(model, link, outside[link.name])
    value = sum(shown[one] if one in shown else outside[one] for one in link.origin)
    return wanted(model, link, value / outside[reference_name(link)] if link.relative_to else value)


def test_the_slow_scale_hands_over_the_share() -> None:
    """Outputs and slopes are those of the forms' text where inputs are what the law says."""
    model, random = reduce(shared, FEEDING_SLOW, MODEL), np.random.default_rng(5)
    targets = {model.links[name].to.split(".")[0] for name in FEEDING_SLOW}
    for population in {model.instances[one].on for one in targets}:
        system = slow_system(model, population)
        y = system.rest + random.uniform(0.0, 0.2, system.rest.shape)
        rows = random.uniform(0.5, 1.5, (len(system.outside), system.cells))
        shown, moving = system.outputs(y, rows), dict(zip(system.states, system.derivative(y, rows), strict=True))
        states, outside = (dict(zip(names, values, strict=True)) for names, values in
                           ((system.states, y), (system.outside, rows)))
        for one in (model.instances[name] for name in targets if model.instances[name].on == population):
            known: dict[str, Any] = dict(constants(model, one.name))
            for port in one.mechanism.inputs:
                link = next(link for link in model.links.values() if link.to == f"{one.name}.{port.name}")
                known[port.name] = handed(model, link, shown, outside)
            known |= {state: states[f"{one.name}.{state}"] for state in one.mechanism.rest}
            found = {**known, **subexpressions(one.mechanism.equations, known)}
            for port in one.mechanism.outputs:
                np.testing.assert_allclose(shown[f"{one.name}.{port.name}"], found[port.name], rtol=1e-9, atol=1e-12)
            for state, slope in slopes(one.mechanism.equations, known).items():
                np.testing.assert_allclose(moving[f"{one.name}.{state}"], slope, rtol=1e-8, atol=1e-14)
