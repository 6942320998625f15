"""Wrong models: each one change of the shipped one, with what the refusal has to say."""

from __future__ import annotations

from edits import MODEL, Edit

NMDAR = "models/receptors/nmdar.toml"
AMPAR = "models/receptors/ampar.toml"
PV = "models/cells/pv.toml"
EEF2K = "models/signaling/eef2k_bdnf_trkb.toml"
KETAMINE = "models/drugs/ketamine.toml"
LFP = "models/imaging/lfp.toml"


def fitted(value: str) -> str:
    """A complete value."""
    return f'{{ value = {value}, source = "assumed", note = "a test" }}'


BLOCK = "mechanisms.block_evoked"
AN_AMPA = f"""'ampa'
tau_decay = {fitted("'2 ms'")}
E = {fitted("'0 mV'")}"""
A_DRIVE = f"""'pv'
contacts = {fitted("1")}
rate = {fitted("'1 Hz'")}
peak.nmda = {fitted("'1 nS'")}"""

UNKNOWN_KEYS = [
    Edit("at the top", NMDAR, "", "titel", '"x"', ("titel", "unknown key 'titel'", "nearest known: 'title'")),
    Edit("a table", NMDAR, "mechanism.nmda", "form", '"nmda"', ("mechanism", "unknown key", "'mechanisms'")),
    Edit("a parameter", NMDAR, BLOCK, "K_off", fitted("1"), (f"{BLOCK}.K_off", "no parameter 'K_off'", "'k_off'")),
    Edit("in a value", NMDAR, BLOCK, "k_off", '{ valu = "1 Hz" }', (f"{BLOCK}.k_off.valu", "unknown", "'value'")),
    Edit("in a population", PV, "populations.pv", "receptor", '["ampa"]', ("populations.pv.receptor", "'receptors'")),
    Edit("in the column", MODEL, "column", "cells", fitted("9"), ("column.cells", "unknown key", "'n_cells'")),
    Edit("in a projection", MODEL, "projections.pv_to_pv", "indegree", fitted("9"), ("indegree", "'in_degree'")),
    Edit("in a drive", MODEL, "drives.background_pv", "weight", fitted("9"), ("background_pv.weight", "unknown")),
    Edit("in a link", MODEL, "links.drug_to_pv", "relative", '"x.y"', ("drug_to_pv.relative", "'relative_to'")),
    Edit("in a manipulation", MODEL, "manipulations.TrkB", "sets", "{}", ("manipulations.TrkB.sets", "'set'")),
    Edit("named as a key of its table", NMDAR, "mechanisms.form", "form", '"ampa"\nE = { valu = 1 }',
         ("mechanisms.form.E.valu", "unknown key 'valu'", "nearest known: 'value'")),
]

WRONG_TYPES = [
    Edit("a list for a text", NMDAR, BLOCK, "form", '["a"]', (f"{BLOCK}.form", "wants a text", "got ['a']")),
    Edit("a number for a text", NMDAR, "", "title", "3", ("title", "wants a text", "got 3")),
    Edit("a text for a table", NMDAR, "mechanisms", "x", '"nmda"', ("mechanisms.x", "wants a table", "got 'nmda'")),
    Edit("a text for a list", PV, "populations.pv", "receptors", '"ampa"', ("receptors", "wants a list", "'ampa'")),
    Edit("a bare number for a value", NMDAR, BLOCK, "k_off", "0.22", (f"{BLOCK}.k_off", "wants a table", "0.22")),
    Edit("a boolean", NMDAR, BLOCK, "k_off", fitted("true"),
         (f"{BLOCK}.k_off.value", "wants a text with a unit", "True")),
    Edit("a list", NMDAR, BLOCK, "k_off", fitted("[1]"), (f"{BLOCK}.k_off.value", "wants a text with a unit", "[1]")),
    Edit("a date", NMDAR, BLOCK, "k_off", fitted("1979-05-27"), ("k_off.value", "wants a text", "datetime.date(1979")),
    Edit("a table for a list", MODEL, "", "include", "{ a = 1 }", ("include", "wants a list", "got {'a': 1}")),
    Edit("not a number", EEF2K, "mechanisms.eef2k", "n", fitted("nan"), ("eef2k.n", "wants a finite number", "nan")),
    Edit("infinite", EEF2K, "mechanisms.eef2k", "n", fitted("inf"), ("eef2k.n", "wants a finite number", "inf")),
    Edit("too large a float", EEF2K, "mechanisms.eef2k", "n", fitted("1e400"), ("eef2k.n", "a finite number", "inf")),
    Edit("too large as text", EEF2K, "mechanisms.eef2k", "n", fitted('"1e400"'), ("eef2k.n", "finite", "'1e400'")),
    Edit("too large an integer", EEF2K, "mechanisms.eef2k", "n", fitted("1" * 400), ("eef2k.n.value", "64 bits")),
    Edit("too large to print", EEF2K, "mechanisms.eef2k", "n", fitted("0x" + "f" * 9000), ("eef2k.n.value", "64 bits")),
    Edit("too many digits", EEF2K, "mechanisms.eef2k", "n", fitted("9" * 9000), ("not TOML", "4300 digits")),
]

VALUES = [
    Edit("no value", NMDAR, BLOCK, "k_off", '{ source = "gilling2009" }', (f"{BLOCK}.k_off", "wants 'value'", "got")),
    Edit("no source", NMDAR, BLOCK, "k_off", '{ value = "1 Hz" }', (f"{BLOCK}.k_off", "wants 'source'", "1 Hz")),
    Edit("nothing", NMDAR, BLOCK, "k_off", "{}", (f"{BLOCK}.k_off", "wants 'value' and 'source'", "got {}")),
    Edit("a parameter left out", NMDAR, BLOCK, "k_off", None,
         (f"{BLOCK}.k_off", "missing value of 'k_off'", "unbinding")),
    Edit("an unknown source", NMDAR, BLOCK, "k_off", '{ value = "1 Hz", source = "giling2009" }',
         (f"{BLOCK}.k_off", "wants a key of sources.bib", "got 'giling2009'", "nearest known: 'gilling2009'")),
    Edit("fitted to nothing", NMDAR, BLOCK, "k_off", '{ value = "1 Hz", source = "fitted" }',
         (f"{BLOCK}.k_off", "wants a note that says to what it was fitted")),
    Edit("assumed without a reason", NMDAR, BLOCK, "k_off", '{ value = "1 Hz", source = "assumed", note = " " }',
         (f"{BLOCK}.k_off", "wants a note that says why")),
    Edit("no unit", NMDAR, BLOCK, "k_off", fitted("0.22"), (f"{BLOCK}.k_off", "wants a value in Hz", "got 0.22")),
    Edit("a wrong dimension", NMDAR, BLOCK, "k_off", fitted('"0.22 second"'), ("k_off", "in Hz", "got '0.22 second'")),
    Edit("an unknown unit", NMDAR, BLOCK, "k_off", fitted('"0.22 / secnd"'),
         ("k_off", "unknown unit 'secnd'", "'second'")),
    Edit("a unit where there is none", EEF2K, "mechanisms.eef2k", "n", fitted('"4 nS"'), ("eef2k.n", "dimensionless")),
    Edit("two units beside each other", NMDAR, BLOCK, "IC50_0", fitted('"1 u M"'),
         ("IC50_0", "wants a number with a unit")),
    Edit("an empty text", NMDAR, BLOCK, "k_off", fitted('""'),
         (f"{BLOCK}.k_off", "wants a number with a unit", "got ''")),
    Edit("below its bound", NMDAR, BLOCK, "k_esc", fitted('"-1 Hz"'), ("k_esc", "wants at least 0 Hz", "got '-1 Hz'")),
    Edit("on a bound left out", NMDAR, BLOCK, "k_off", fitted('"0 Hz"'),
         ("k_off", "wants more than 0 Hz", "got '0 Hz'")),
    Edit("above its bound", NMDAR, "mechanisms.nmda", "quantal_share", fitted("1.1"), ("at most 1", "got 1.1")),
    Edit("a drug that weighs nothing", KETAMINE, "mechanisms.ketamine", "molar_mass", fitted('"0 g / mol"'),
         ("ketamine.molar_mass", "wants more than 0 kg/mol", "got '0 g / mol'")),
    Edit("a same_as beside a value", NMDAR, BLOCK, "Mg_o", '{ value = "1 mM", same_as = "nmda.Mg_o" }',
         (f"{BLOCK}.Mg_o", "wants 'same_as' alone")),
    Edit("same as nothing", NMDAR, BLOCK, "Mg_o", '{ same_as = "nmda.Mg" }',
         (f"{BLOCK}.Mg_o.same_as", "wants the path of a value", "got 'nmda.Mg'", "nearest known: 'nmda.")),
    Edit("same as an empty name", NMDAR, BLOCK, "Mg_o", '{ same_as = "" }', (f"{BLOCK}.Mg_o", "wants", "got ''")),
    Edit("same as a follower", NMDAR, BLOCK, "Mg_o", '{ same_as = "block_sst.Mg_o" }',
         (f"{BLOCK}.Mg_o.same_as", "follows no other", "'block_sst.Mg_o', which follows 'nmda.Mg_o'")),
    Edit("same as itself", NMDAR, BLOCK, "Mg_o", '{ same_as = "block_evoked.Mg_o" }',
         (f"{BLOCK}.Mg_o.same_as", "follows no other", "got 'block_evoked.Mg_o'")),
    Edit("same as another dimension", NMDAR, BLOCK, "Mg_o", '{ same_as = "nmda.v_Mg" }',
         ("Mg_o", "in mM", "'16.129 mV'")),
    Edit("same as one out of bounds", MODEL, "links.gain_on_pv", "share", '{ same_as = "eef2k.n" }',
         ("share", "at most 1")),
    Edit("a constant that is not finite", NMDAR, "mechanisms.nmda", "tau_rise", fitted('"100 ms"'),
         ("mechanisms.nmda", "wants a finite 'scale_x'", "tau_rise = 100 ms", "tau_decay = 100 ms")),
    Edit("a state that is not finite", EEF2K, "mechanisms.eef2k", "p_rest", fitted("1"),
         ("mechanisms.eef2k", "wants a finite 'odds'", "p_rest = 1")),
    Edit("a cell that never stops", PV, "mechanisms.pv_membrane", "V_r", fitted('"-40 mV"'),
         ("pv_membrane.V_spike", "wants more than V_r (-40 mV)", "got '-46 mV'")),
    Edit("an empty band", LFP, "mechanisms.gamma", "high", fitted('"20 Hz"'), ("gamma.high", "more than low (30 Hz)")),
]

COLUMN = [
    Edit("no column", MODEL, "column", "", None, ("missing key 'column'", "n_cells")),
    Edit("a column without a size", MODEL, "column", "n_cells", None, ("column.n_cells", "missing key 'n_cells'")),
    Edit("part of a cell", MODEL, "column", "n_cells", fitted("99.5"), ("column.n_cells", "a whole number", "99.5")),
    Edit("too many cells", MODEL, "column", "n_cells", fitted("1e9"),
         ("column.n_cells", "at most 1e+06", "got 1000000000")),
    Edit("a second column", PV, "column", "n_cells", fitted("50"), ("column.reference_cells", "missing key")),
    Edit("shares beyond 1", PV, "populations.pv", "share", fitted("0.2"), ("populations", "add up to 1", "got 1.08")),
    Edit("a share of nothing", PV, "populations.pv", "share", fitted("0"), ("pv.share", "wants more than 0", "got 0")),
    Edit("a silent population", PV, "populations.pv", "resting_rate", fitted('"0 Hz"'),
         ("resting_rate", "more than 0 Hz")),
    Edit("no limit", PV, "populations.pv", "highest_rate", None, ("pv.highest_rate", "missing key 'highest_rate'")),
    Edit("a limit of time", PV, "populations.pv", "highest_rate", fitted('"400 ms"'),
         ("populations.pv.highest_rate", "wants a value in Hz", "got '400 ms'")),
    Edit("a limit that rest exceeds", PV, "populations.pv", "highest_rate", fitted('"9 Hz"'),
         ("populations.pv.highest_rate", "wants more than resting_rate (9.7 Hz)", "got '9 Hz'")),
    Edit("an unknown membrane", PV, "populations.pv", "membrane", '"pv_membran"',
         ("populations.pv.membrane", "no membrane mechanism is called 'pv_membran'", "nearest known: 'pv_membrane'")),
    Edit("a receptor as membrane", PV, "populations.pv", "membrane", '"ampa"',
         ("pv.membrane", "no membrane mechanism")),
    Edit("an unknown receptor", PV, "populations.pv", "receptors", '["ampa", "gaba_p"]',
         ("populations.pv.receptors.1", "no receptor mechanism is called 'gaba_p'", "nearest known: 'gaba_pv'")),
    Edit("a receptor twice", PV, "populations.pv", "receptors", '["nmda", "nmda"]', ("receptors.1", "once", "'nmda'")),
]

WIRING = [
    Edit("from nobody", MODEL, "projections.pv_to_sst", "from", '"pvv"',
         ("pv_to_sst.from", "'pvv'", "nearest known: 'pv'")),
    Edit("to nobody", MODEL, "projections.pv_to_sst", "to", '"SST"',
         ("pv_to_sst.to", "unknown population 'SST'", "'sst'")),
    Edit("no origin", MODEL, "projections.pv_to_sst", "from", None, ("pv_to_sst.from", "missing key 'from'")),
    Edit("onto a receptor that is not there", MODEL, "projections.pv_to_sst", "peak.gaba_sst", fitted('"1 nS"'),
         ("projections.pv_to_sst.peak.gaba_sst", "population 'sst' has no receptor 'gaba_sst'", "'gaba_pv'")),
    Edit("onto no receptor", MODEL, "projections.pv_to_sst", "peak.gaba_pv", None, ("pv_to_sst.peak", "missing key")),
    Edit("onto none of them", MODEL, "drives.own", "peak", "{}\nto = 'pv'\ncontacts = " + fitted("1") + "\nrate = "
         + fitted("'1 Hz'"), ("drives.own.peak", "wants at least one entry", "got {}")),
    Edit("an empty table", MODEL, "projections.own", "# nothing", "", ("projections.own.from", "missing key 'from'")),
    Edit("part of a contact", MODEL, "projections.pv_to_sst", "in_degree", fitted("12.5"),
         ("projections.pv_to_sst.in_degree", "wants a whole number of contacts", "got 12.5")),
    Edit("more contacts than cells", MODEL, "projections.pv_to_sst", "in_degree", fitted("121"),
         ("projections.pv_to_sst.in_degree", "wants at most 120", "got 121")),
    Edit("a contact onto itself", MODEL, "projections.pv_to_pv", "in_degree", fitted("120"),
         ("in_degree", "at most 119")),
    Edit("a negative in-degree", MODEL, "projections.pv_to_pv", "in_degree", fitted("-1"), ("in_degree", "at least 0")),
    Edit("a wild spread", MODEL, "projections.pv_to_pyramidal", "weight_sigma", fitted("50"),
         ("weight_sigma", "at most 3")),
    Edit("delays reversed", MODEL, "projections.pv_to_pv", "delay_low", fitted('"3 ms"'),
         ("projections.pv_to_pv.delay_high", "wants at least delay_low (3 ms)", "got '2 ms'")),
    Edit("an endless delay", MODEL, "projections.pv_to_pv", "delay_high", fitted('"1 day"'),
         ("delay_high", "at most 1 s")),
    Edit("no delay", MODEL, "projections.pv_to_pv", "delay_low", fitted('"0 ms"'),
         ("delay_low", "wants more than 0 s")),
    Edit("a drive of nobody", MODEL, "drives.background_pv", "to", '"pb"', ("drives.background_pv.to", "'pb'", "'pv'")),
    Edit("a drive without contacts", MODEL, "drives.background_pv", "contacts", fitted("0"),
         ("contacts", "more than 0")),
    Edit("a drive that never rests", MODEL, "drives.background_pv", "rate", fitted('"1e9 Hz"'),
         ("rate", "at most 1 kHz")),
    Edit("a weight below 0", MODEL, "drives.background_pv", "peak.nmda", fitted('"-1 nS"'),
         ("peak.nmda", "at least 0 S")),
]

LINKS = [
    Edit("from nothing", MODEL, "links.calcium_to_kinase", "from", '"resting_calcium.U"',
         ("links.calcium_to_kinase.from", "no output 'resting_calcium.U'", "nearest known: 'resting_calcium.u'")),
    Edit("to nothing", MODEL, "links.calcium_to_kinase", "to", '"eef2k.uu"',
         ("links.calcium_to_kinase.to", "no input 'eef2k.uu'", "nearest known: 'eef2k.u'")),
    Edit("from an input", MODEL, "links.calcium_to_kinase", "from", '"eef2k.u"', ("from", "no output 'eef2k.u'")),
    Edit("from an empty list", MODEL, "links.calcium_to_kinase", "from", "[]",
         ("from", "at least one entry", "got []")),
    Edit("from a number", MODEL, "links.calcium_to_kinase", "from", "3",
         ("calcium_to_kinase.from", "wants a list", "got 3")),
    Edit("other units", MODEL, "links.calcium_to_kinase", "from", '"ketamine.C_e"',
         ("links.calcium_to_kinase", "'eef2k.u' wants 1 (dimensionless)", "'ketamine.C_e' gives mM")),
    Edit("a sum of units", MODEL, "links.drug_to_pv", "from", '["ketamine.C_e", "eef2k.K"]',
         ("links.drug_to_pv", "'eef2k.K' is in 1 (dimensionless)", "'ketamine.C_e' in mM")),
    Edit("the same twice", MODEL, "links.drug_to_pv", "from", '["ketamine.C_e", "ketamine.C_e"]', ("from", "once")),
    Edit("fed twice", MODEL, "links.again", "from", '"ketamine.C_e"\nto = "block_pv.C_drug"',
         ("links.again.to", "'block_pv.C_drug' is fed already by link 'drug_to_pv'")),
    Edit("not fed", MODEL, "links.calcium_to_kinase", "", None,
         ("mechanisms.eef2k", "no link feeds its input 'eef2k.u'")),
    Edit("a loop without a state", MODEL, "links.resting_activation_to_calcium", "from", '"resting_calcium.u"',
         ("links.resting_activation_to_calcium", "wants a loop with a state in it",
          "resting_calcium.u <- resting_calcium.resting <- resting_calcium.duty_resting <- resting_calcium.u")),
    Edit("from other cells", MODEL, "links.calcium_to_kinase", "from", '"block_pv.b"',
         ("links.calcium_to_kinase.from", "can be fed by its own population 'pyramidal'")),
    Edit("spikes and kinases added", MODEL, "links.calcium_to_kinase", "from", '["eef2k.K", "pyramidal.E_I_balance"]',
         ("links.calcium_to_kinase.from", "averages of spiking cells")),
    Edit("spikes relative to kinases", MODEL, "links.glutamate_to_translation", "relative_to", '"eef2k.K"',
         ("links.glutamate_to_translation.from", "averages of spiking cells")),
    Edit("relative to nothing", MODEL, "links.glutamate_to_translation", "relative_to", "[]",
         ("relative_to", "at least one")),
    Edit("relative to a drug", MODEL, "links.drug_to_pv", "relative_to", '"ketamine.C_e"',
         ("links.drug_to_pv", "'block_pv.C_drug' wants mM", "gives 1 (dimensionless)")),
    Edit("a drug relative to itself", MODEL, "links.calcium_to_kinase", "from",
         '"ketamine.C_e"\nrelative_to = "ketamine.C_e"',
         ("links.calcium_to_kinase.relative_to", "not 0 at rest", "'ketamine.C_e'")),
    Edit("relative to a state that rests at 0", MODEL, "links.calcium_to_kinase", "from",
         '"mecp2_loop.X"\nrelative_to = "mecp2_loop.X"',
         ("links.calcium_to_kinase.relative_to", "not 0 at rest", "got 'mecp2_loop.X'")),
    Edit("a drug on a receptor", MODEL, "links.block_on_pv", "from", '"block_pv.rho"',
         ("block_on_pv.from", "no output")),
    Edit("spikes on a receptor", MODEL, "links.block_on_pv", "from", '"pv.E_I_balance"',
         ("links.block_on_pv.from", "'pv.nmda.block' can be fed by slow mechanisms only")),
    Edit("a share of a concentration", MODEL, "links.drug_to_pv", "share", fitted("0.5"),
         ("drug_to_pv.share", "without unit")),
    Edit("a share beyond 1", MODEL, "links.gain_on_pv", "share", fitted("1.5"),
         ("gain_on_pv.share", "at most 1", "got 1.5")),
    Edit("a readout of another quantity", MODEL, "links.activity_to_gamma", "from", '"pyramidal.excitatory_current"',
         ("links.activity_to_gamma.from", "sees one 'POPULATION.synaptic_current'", "pyramidal.excitatory_current")),
    Edit("a readout of two populations", MODEL, "links.activity_to_gamma", "from",
         '["pyramidal.synaptic_current", "pv.synaptic_current"]', ("links.activity_to_gamma.from", "sees one")),
    Edit("a readout that feeds", MODEL, "links.calcium_to_kinase", "from", '"bold.f"',
         ("from", "a readout feeds nothing")),
]

NAMES = [
    Edit("an unknown form", NMDAR, BLOCK, "form", '"traping_block"',
         (f"{BLOCK}.form", "'traping_block'", "'trapping_block'")),
    Edit("no form", NMDAR, BLOCK, "form", None, (f"{BLOCK}.form", "missing key 'form'")),
    Edit("on nobody", NMDAR, BLOCK, "on", '"pyramidl"', (f"{BLOCK}.on", "'pyramidl'", "nearest known: 'pyramidal'")),
    Edit("on nothing", NMDAR, BLOCK, "on", None, (f"{BLOCK}.on", "wants a population", "got nothing")),
    Edit("a receptor on a population", NMDAR, "mechanisms.nmda", "on", '"pv"',
         ("nmda.on", "stands on no population", "'pv'")),
    Edit("defined in two files", PV, "mechanisms.ampa", "form", AN_AMPA,
         ("mechanisms.ampa", "wants a name of its own", f"got that of {AMPAR}: mechanisms.ampa")),
    Edit("a table twice", NMDAR, "mechanisms.zzz", "x", "1\n[mechanisms.nmda]", ("not TOML", "twice", "line")),
    Edit("a drive named as a projection", MODEL, "drives.pv_to_pv", "to", A_DRIVE,
         ("drives.pv_to_pv", "wants a name of its own", "projections.pv_to_pv")),
    Edit("a mechanism named as the format's own", PV, "mechanisms.column", "form", AN_AMPA,
         ("mechanisms.column", "wants a name other than 'column'")),
    Edit("a name with a dot", MODEL, 'links."a.b"', "from", '"ketamine.C_e"\nto = "x.y"',
         ("links.a.b", "wants a name of")),
    Edit("a name with two underscores", MODEL, "links.a__b", "from", '"ketamine.C_e"\nto = "x.y"',
         ("links.a__b", "single")),
    Edit("a name of many letters", MODEL, "links." + "a" * 65, "from", '"ketamine.C_e"\nto = "x.y"',
         ("links.aaa", "at most 64")),
    Edit("an empty name", MODEL, 'manipulations.""', "kind", '"mutant"\nmeaning = "x"\nset = {}',
         ("manipulations", "a name of")),
]

MANIPULATIONS = [
    Edit("an unknown kind", MODEL, "manipulations.TrkB", "kind", '"knockin"',
         ("manipulations.TrkB.kind", "wants 'knockout', 'mutant' or 'treatment'", "got 'knockin'")),
    Edit("of an unknown value", MODEL, "manipulations.TrkB", "set", '{ "bdnf_trkb.Trk" = ' + fitted("0") + " }",
         ("manipulations.TrkB.set", "no value 'bdnf_trkb.Trk'", "nearest known: 'bdnf_trkb.TrkB'")),
    Edit("out of bounds", MODEL, "manipulations.TrkB", "set", '{ "bdnf_trkb.TrkB" = ' + fitted("-1") + " }",
         ("manipulations.TrkB.set.bdnf_trkb.TrkB", "wants at least 0", "got -1")),
    Edit("in another unit", MODEL, "manipulations.TrkB", "set", '{ "bdnf_trkb.TrkB" = ' + fitted('"1 nS"') + " }",
         ("manipulations.TrkB.set.bdnf_trkb.TrkB", "dimensionless", "got '1 nS'")),
    Edit("without a source", MODEL, "manipulations.TrkB", "set", '{ "bdnf_trkb.TrkB" = { value = 0 } }',
         ("manipulations.TrkB.set.bdnf_trkb.TrkB", "wants 'source'")),
    Edit("of nothing", MODEL, "manipulations.TrkB", "set", "{}", ("manipulations.TrkB.set", "at least one entry")),
    Edit("of a value that follows", MODEL, "manipulations.TrkB", "set",
         '{ "block_pv.k_off" = ' + fitted('"1 Hz"') + " }",
         ("manipulations.TrkB.set.block_pv.k_off", "follows 'block_evoked.k_off'")),
    Edit("without a meaning", MODEL, "manipulations.TrkB", "meaning", None,
         ("manipulations.TrkB.meaning", "missing key")),
]

INCLUDES = [
    Edit("of nothing", MODEL, "", "include", '["drugs/ketamin"]', ("include.0", "'drugs/ketamin'", "'drugs/ketamine'")),
    Edit("above the models", MODEL, "", "include", '["../../etc/passwd"]',
         ("include.0", "below the models folder", "etc")),
    Edit("of an absolute path", MODEL, "", "include", '["/etc/passwd"]',
         ("include.0", "below the models", "/etc/passwd")),
    Edit("of an empty name", MODEL, "", "include", '[""]', ("include.0", "the name of a model file", "got ''")),
    Edit("of a null byte", MODEL, "", "include", '["a\\u0000b"]', ("include.0", "the name of a model file", "a\\x00b")),
    Edit("of an endless name", MODEL, "", "include", f'["{"a" * 9000}"]',
         ("include.0", "the name of a model file", "aaa")),
    Edit("of a number", MODEL, "", "include", "[1]", ("include.0", "wants a text", "got 1")),
    Edit("of itself", PV, "", "include", '["cells/pv"]', ("include", "that do not include it", "cells/pv.toml")),
    Edit("in a ring", PV, "", "include", '["circuits/cortical_column"]', ("include", "that do not include it", PV)),
]

BROKEN_MODELS = {
    "unknown key": UNKNOWN_KEYS, "type": WRONG_TYPES, "value": VALUES, "column": COLUMN, "wiring": WIRING,
    "link": LINKS, "name": NAMES, "manipulation": MANIPULATIONS, "include": INCLUDES,
}  # fmt: skip
