"""Wrong experiments: each one change of the shipped one, with what the refusal has to say."""

from __future__ import annotations

from edits import EXPERIMENT, Edit


def edit(name: str, table: str, key: str, value: str | None, *wanted: str) -> Edit:
    """A change of the shipped experiment."""
    return Edit(name, EXPERIMENT, table, key, value, wanted)


def dosed(**keys: str) -> str:
    """A list of one dose: a complete bolus with other keys; '' leaves one out."""
    given = {"drug": '"ketamine"', "route": '"intravenous"', "mg_per_kg": "0.5", "at": '"0 hour"', **keys}
    return "[{ " + ", ".join(f"{key} = {value}" for key, value in given.items() if value) + " }]"


def step(at: str, until: str) -> str:
    """One step of a titrated infusion."""
    return f'{{ mg_per_kg_per_hour = 0.1, at = "{at} hour", until = "{until} hour" }}'


def titrated(*steps: str) -> str:
    """A list of one dose in steps."""
    return dosed(mg_per_kg="", at="", steps=f"[{', '.join(steps)}]")


def treated(since: str, until: str) -> str:
    """A list of one treatment with onset and end."""
    return f'[{{ name = "translation_blocker", from = "{since}", until = "{until}" }}]'


TOP = [
    edit("an unknown key", "", "seed", "[1]", "seed", "unknown key 'seed'", "nearest known: 'seeds'"),
    edit("no title", "", "title", None, "title", "missing key 'title'"),
    edit("an empty title", "", "title", '""', "title", "a text that is not empty", "got ''"),
    edit("no hypothesis", "", "hypothesis", None, "hypothesis", "missing key 'hypothesis'"),
    edit("an unknown source", "", "source", '"krystal2023"', "source", "got 'krystal2023'",
         "nearest known: 'krystal2024'"),
    edit("assumed without notes", "", "source", '"assumed"', "source", "wants a note"),
    edit("an unknown model", "", "model", '"circuits/cortical_colum"', "model", "'circuits/cortical_colum'",
         "nearest known: 'circuits/cortical_column'"),
    edit("a model above", "", "model", '"../models/circuits/cortical_column"', "model",
         "wants a name below the models"),
    edit("an absolute model", "", "model", '"/etc/passwd"', "model", "wants a name below the models folder"),
    edit("a model without cells", "", "model", '"drugs/ketamine"', "model", "populations",
         "got 'drugs/ketamine' without"),
    edit("no seeds", "", "seeds", "[]", "seeds", "at least one entry", "got []"),
    edit("a seed twice", "", "seeds", "[1, 2, 1]", "seeds", "wants each seed once", "got '1' twice"),
    edit("a negative seed", "", "seeds", "[-1]", "seeds", "wants numbers from 0 to 2147483647", "got -1"),
    edit("a large seed", "", "seeds", "[2147483648]", "seeds", "from 0 to 2147483647", "got 2147483648"),
    edit("half a seed", "", "seeds", "[1.5]", "seeds.0", "wants a whole number", "got 1.5"),
    edit("a seed as text", "", "seeds", '["1"]', "seeds.0", "wants a whole number", "got '1'"),
    edit("a boolean seed", "", "seeds", "[true]", "seeds.0", "wants a whole number", "got True"),
    edit("a late begin", "", "begin", '"10 minute"', "begin", "wants a time at or before 0", "got '10 minute'"),
    edit("an endless begin", "", "begin", '"-1e300 day"', "begin", "after -36500 day", "got '-1e300 day'"),
    edit("a begin without unit", "", "begin", "-600", "begin", "wants a value in s", "got -600"),
    edit("no duration", "", "duration", None, "duration", "missing key 'duration'"),
    edit("a duration of 0", "", "duration", '"0 day"', "duration", "wants more than 0", "got '0 day'"),
    edit("a duration in kg", "", "duration", '"7 kg"', "duration", "wants a value in s", "got '7 kg'"),
    edit("an endless duration", "", "duration", '"1e300 day"', "duration", "at most 36500 day", "got '1e300 day'"),
    edit("a negative weight", "", "body_weight", '"-70 kg"', "body_weight", "wants more than 0 kg", "got '-70 kg'"),
    edit("a weight of a ship", "", "body_weight", '"1e308 kg"', "body_weight", "at most 1000 kg", "got '1e308 kg'"),
    edit("a change of nothing", "set", '"eef2k.tau_k"', '"5 minute"', "set", "no value 'eef2k.tau_k'", "'eef2k.tau_K'"),
    edit("a change out of bounds", "set", '"eef2k.tau_K"', '"-5 minute"', "eef2k.tau_K", "more than 0 s",
         "'-5 minute'"),
    edit("a change of a follower", "set", '"block_pv.K_Mg"', '"1 mM"', "set", "'block_pv.K_Mg' follows",
         "set that one"),
    edit("a change without quotes", "set", "eef2k.tau_K", '"5 minute"', "set.eef2k", "wants a text with a unit",
         "tau_K"),
    edit("a change of shares", "set", '"pv.share"', "0.5", "populations", "wants shares that add up to 1", "got 1.38"),
]

SCHEDULE = [
    edit("an unknown key", "schedule", "leap", '"1 hour"', "schedule.leap", "unknown key 'leap'", "nearest known"),
    edit("no tolerance", "schedule", "tolerance", "0", "schedule.tolerance", "wants more than 0", "got 0"),
    edit("a tolerance as text", "schedule", "tolerance", '"0.1"', "schedule.tolerance", "wants a finite number",
         "got '0.1'"),
    edit("a tolerance that is no number", "schedule", "tolerance", "nan", "schedule.tolerance", "finite number",
         "got nan"),
    edit("an infinite tolerance", "schedule", "tolerance", "inf", "schedule.tolerance", "finite number", "got inf"),
    edit("a short burst", "schedule", "burst", '"1 ms"', "schedule.burst", "wants at least 100 ms", "got '1 ms'"),
    edit("a burst of days", "schedule", "burst", '"2 day"', "schedule.burst", "wants at most 1 hour", "got '2 day'"),
    edit("a negative burn-in", "schedule", "burn_in", '"-1 s"', "schedule.burn_in", "wants at least 0", "got '-1 s'"),
    edit("a burst without unit", "schedule", "burst", "1", "schedule.burst", "wants a value in s", "got 1"),
    edit("no noise", "schedule", "noise", "0", "schedule.noise", "wants more than 0", "got 0"),
    edit("bursts reversed", "schedule", "longest_burst", '"0.1 s"', "schedule.longest_burst", "at least burst",
         "100 ms"),
    edit("leaps reversed", "schedule", "shortest_leap", '"2 day"', "shortest_leap", "longest_leap (1 day)",
         "got 2 day"),
]

ARMS = [
    edit("an unknown key", "arms.1", "dose", "[]", "arms.1.dose", "unknown key 'dose'", "nearest known: 'doses'"),
    edit("no name", "arms.1", "name", None, "arms.1.name", "missing key 'name'"),
    edit("a name with a space", "arms.1", "name", '"high dose"', "arms.1.name", "wants a name of letters",
         "got 'high dose'"),
    edit("a name as a path", "arms.1", "name", '"../../x"', "arms.1.name", "wants a name of letters", "got '../../x'"),
    edit("a foreign letter", "arms.1", "name", '"ärm"', "arms.1.name", "wants a name of letters", "got 'ärm'"),
    edit("a long name", "arms.1", "name", f'"{"a" * 300}"', "arms.1.name", "at most 64 characters", "aaa..."),
    edit("a name twice", "arms.1", "name", '"vehicle"', "arms", "wants each name once", "got 'vehicle' twice"),
    edit("an unknown knockout", "arms.3", "knockout", '["eEFK2"]', "arms.3.knockout", "no knockout 'eEFK2'", "'eEF2K'"),
    edit("a knockout that is a mutant", "arms.3", "knockout", '["MeCP2_S421A"]', "arms.3.knockout", "no knockout"),
    edit("an unknown mutant", "arms.2", "mutant", '["MeCP2_S421"]', "arms.2.mutant", "nearest known: 'MeCP2_S421A'"),
    edit("an unknown treatment", "arms.2", "treatment", '["x"]', "arms.2.treatment", "declares no treatment 'x'"),
    edit("a knockout as text", "arms.3", "knockout", '"eEF2K"', "arms.3.knockout", "wants a list", "got 'eEF2K'"),
    edit("a knockout twice", "arms.3", "knockout", '["eEF2K", "eEF2K"]', "arms.3.knockout",
         "one change of 'eef2k.eEF2K'"),
    edit("a knockout set again", "arms.3", "set", '{ "eef2k.eEF2K" = 2 }', "arms.3.set", "one change of 'eef2k.eEF2K'"),
    edit("a knockout as number", "arms.3", "knockout", "[3]", "arms.3.knockout.0", "name of a manipulation, or a table",
         "got 3"),
    edit("a table without a name", "arms.3", "knockout", "[{ amount = 1 }]", "arms.3.knockout.0.name", "missing key"),
    edit("an unknown key of a table", "arms.3", "knockout", '[{ name = "eEF2K", form = "1 h" }]',
         "arms.3.knockout.0.form", "unknown key 'form'", "nearest known: 'from'"),
    edit("cells that it lacks", "arms.3", "knockout", '[{ name = "eEF2K", cells = "pv" }]', "arms.3.knockout.0.cells",
         "knows no cells 'pv'", "known: 'pyramidal'"),
    edit("a place that it lacks", "arms.3", "knockout", '[{ name = "eEF2K", place = "presynaptic" }]',
         "arms.3.knockout.0.place", "tells no place apart", "got 'presynaptic'"),
    edit("another place", "arms.3", "knockout", '[{ name = "TrkB", place = "postsynaptc" }]',
         "arms.3.knockout.0.place", "knows no place 'postsynaptc'", "postsynaptic"),
    edit("an amount above 1", "arms.3", "knockout", '[{ name = "eEF2K", amount = 1.1 }]', "arms.3.knockout.0.amount",
         "from 0 to 1", "got 1.1"),
    edit("an amount below 0", "arms.3", "knockout", '[{ name = "eEF2K", amount = -0.1 }]', "knockout.0.amount",
         "from 0 to 1", "got -0.1"),
    edit("an amount as text", "arms.3", "knockout", '[{ name = "eEF2K", amount = "1" }]', "knockout.0.amount",
         "a finite number", "got '1'"),
    edit("a knockout with an onset", "arms.3", "knockout", '[{ name = "eEF2K", from = "1 hour" }]',
         "arms.3.knockout.0.from", "holds from birth", "got '1 hour'"),
    edit("a knockout with an end", "arms.3", "knockout", '[{ name = "eEF2K", until = "1 hour" }]',
         "arms.3.knockout.0.until", "holds from birth", "got '1 hour'"),
    edit("an onset before the begin", "arms.3", "treatment", treated("-11 minute", "1 hour"),
         "arms.3.treatment.0.from", "from begin (-10 minute)", "got '-11 minute'"),
    edit("an onset at the end", "arms.3", "treatment", treated("7 day", "8 day"), "arms.3.treatment.0.from",
         "before the end (7 day)", "got '7 day'"),
    edit("an onset after its end", "arms.3", "treatment", treated("2 hour", "1 hour"), "arms.3.treatment.0.until",
         "after from (2 hour)", "got '1 hour'"),
    edit("an end before the begin", "arms.3", "treatment", '[{ name = "translation_blocker", until = "-1 day" }]',
         "arms.3.treatment.0.until", "after begin (-10 minute)", "got '-1 day'"),
    edit("an onset in kg", "arms.3", "treatment", treated("2 kg", "1 hour"), "treatment.0.from", "in s", "got '2 kg'"),
    edit("two at a time", "arms.3", "treatment", treated("0 hour", "2 hour")[:-1] + ", "
         + treated("1 hour", "3 hour")[1:], "arms.3.treatment.1", "one change of 'translation.T_prot' at a time",
         "treatment 'translation_blocker' after treatment 'translation_blocker'"),
    edit("a change of nothing", "arms.1", "set", '{ "eef2k.m" = 2 }', "arms.1.set", "no value 'eef2k.m'",
         "nearest known"),
    edit("a change to delays reversed", "arms.1", "set", '{ "pyramidal_to_pyramidal.delay_low" = "9 ms" }',
         "delay_high", "at least delay_low (9 ms)"),
]

DOSES = [
    edit("no list", "arms.1", "doses", "3", "arms.1.doses", "wants a list", "got 3"),
    edit("an unknown key", "arms.1", "doses", dosed(rout='"x"'), "arms.1.doses.0.rout", "unknown key", "'route'"),
    edit("an unknown drug", "arms.1", "doses", dosed(drug='"ketamin"'), "arms.1.doses.0.drug", "'ketamin'",
         "'ketamine'"),
    edit("an unknown route", "arms.1", "doses", dosed(route='"nasal"'), "arms.1.doses.0.route", "'nasal'",
         "'intranasal'"),
    edit("a negative dose", "arms.1", "doses", dosed(mg_per_kg="-0.5"), "arms.1.doses.0.mg_per_kg", "more than 0",
         "got -0.5"),
    edit("a dose of nothing", "arms.1", "doses", dosed(mg_per_kg="0"), "doses.0.mg_per_kg", "more than 0", "got 0"),
    edit("a dose as text", "arms.1", "doses", dosed(mg_per_kg='"0.5"'), "doses.0.mg_per_kg", "a finite number",
         "got '0.5'"),
    edit("a dose as boolean", "arms.1", "doses", dosed(mg_per_kg="true"), "doses.0.mg_per_kg", "finite number", "True"),
    edit("a dose that is no number", "arms.1", "doses", dosed(mg_per_kg="nan"), "doses.0.mg_per_kg", "finite number",
         "nan"),
    edit("an infinite dose", "arms.1", "doses", dosed(mg_per_kg="1e400"), "doses.0.mg_per_kg", "finite number",
         "got inf"),
    edit("a dose of tons", "arms.1", "doses", dosed(mg_per_kg="1e300"), "doses.0.mg_per_kg", "at most 1e+06",
         "got 1e+300"),
    edit("two amounts", "arms.1", "doses", dosed(mg="35"), "arms.1.doses.0", "exactly one of", "mg_per_kg and mg"),
    edit("no amount", "arms.1", "doses", dosed(mg_per_kg=""), "arms.1.doses.0", "exactly one of", "got none"),
    edit("no time", "arms.1", "doses", dosed(at=""), "arms.1.doses.0", "missing key 'at'"),
    edit("a time without unit", "arms.1", "doses", dosed(at="0"), "arms.1.doses.0.at", "wants a value in s", "got 0"),
    edit("before 0", "arms.1", "doses", dosed(at='"-5 minute"'), "doses.0.at", "at least 0 s", "got '-5 minute'"),
    edit("after the end", "arms.1", "doses", dosed(at='"8 day"'), "arms.1.doses.0", "before the end", "at 7 day",
         "got 8 day"),
    edit("at the end", "arms.1", "doses", dosed(at='"7 day"'), "arms.1.doses.0", "before the end",
         "at 7 day, got 7 day"),
    edit("repeated past the end", "arms.1", "doses", dosed(every='"1 day"', times="9"), "doses.0", "before the end",
         "got 8 day"),
    edit("repeated without an interval", "arms.1", "doses", dosed(times="3"), "arms.1.doses.0", "missing key 'every'"),
    edit("repeated in part", "arms.1", "doses", dosed(every='"1 day"', times="1.5"), "doses.0.times",
         "a whole number", "1.5"),
    edit("repeated for ever", "arms.1", "doses", dosed(every='"1 s"', times="1000000"), "doses.0.times", "most 10000"),
    edit("an infusion of no time", "arms.1", "doses", dosed(duration='"0 s"'), "doses.0.duration", "more than 0",
         "got '0 s'"),
    edit("an infusion up the nose", "arms.1", "doses", dosed(route='"intranasal"', duration='"1 hour"'),
         "arms.1.doses.0.route", "wants 'intravenous' for an infusion", "got 'intranasal'"),
    edit("infusions that overlap", "arms.1", "doses",
         dosed(duration='"2 hour"')[:-1] + ", " + dosed(at='"1 hour"', duration='"1 hour"')[1:],
         "arms.1.doses.1", "after the infusion of", "arms.1.doses.0 ends at 2 hour", "got 1 hour"),
    edit("repeats that overlap", "arms.1", "doses", dosed(duration='"2 hour"', every='"1 hour"', times="2"),
         "arms.1.doses.0.every", "at least 2 hour", "got 1 hour"),
    edit("steps out of order", "arms.1", "doses", titrated(step("4", "6"), step("0", "2")),
         "arms.1.doses.0.steps.1.at", "6 hour or later", "got 0 s"),
    edit("steps that overlap", "arms.1", "doses", titrated(step("0", "4"), step("2", "6")),
         "arms.1.doses.0.steps.1.at", "4 hour or later", "got 2 hour"),
    edit("a step backwards", "arms.1", "doses", titrated(step("4", "2")), "steps.0.until", "after its own start",
         "got 2 hour"),
    edit("no steps", "arms.1", "doses", titrated(), "arms.1.doses.0.steps", "at least one step", "got none"),
    edit("an unknown key of a step", "arms.1", "doses", titrated("{ rate = 1 }"), "doses.0.steps.0.", "'"),
    edit("a step of text", "arms.1", "doses", titrated('"slow"'), "arms.1.doses.0.steps.0", "wants a table",
         "got 'slow'"),
]

RECORDS = [
    edit("an unknown quantity", "record.4", "quantity", '"block_pv.B"', "record.4.quantity", "'block_pv.B'",
         "'block_pv.b'"),
    edit("an input", "record.4", "quantity", '"block_pv.rho"', "record.4.quantity", "no output 'block_pv.rho'"),
    edit("neither every nor at", "record.4", "every", None, "record.4", "wants 'every' or 'at'", "got neither"),
    edit("both every and at", "record.4", "at", '["0 s"]', "record.4", "wants either 'every' or 'at'", "got both"),
    edit("spikes at every minute", "record.4", "quantity", '"pv.firing_rate"', "record.4.every", "wants 'at'",
         "'5 minute'"),
    edit("a band at every minute", "record.4", "quantity", '"gamma.power"', "record.4.every", "wants 'at'",
         "'5 minute'"),
    edit("every nothing", "record.4", "every", '"0 s"', "record.4.every", "wants more than 0", "got '0 s'"),
    edit("too many samples", "record.4", "every", '"1 ms"', "record.4.every", "at most 200000 samples", "'1 ms'"),
    edit("countless samples", "record.4", "every", '"1e-320 s"', "record.4.every", "at most 200000", "'1e-320 s'"),
    edit("too many samples together", "record.4", "every", '"3.03 s"', "record", "at most 200000 times"),
    edit("at no time", "record.4", "at", "[]", "record.4.at", "at least one entry", "got []"),
    edit("at a text", "record.4", "at", '"0 s"', "record.4.at", "wants a list", "got '0 s'"),
    edit("after the end", "record.13", "at", '["1 hour", "8 day"]', "record.13.at.1", "to the end", "got '8 day'"),
    edit("before it began", "record.13", "at", '["-11 minute"]', "record.13.at.0", "from begin", "got '-11 minute'"),
]

PREDICTIONS = [
    edit("an unknown key", "predict.0", "claims", '"x"', "predict.0.claims", "unknown key", "nearest known: 'claim'"),
    edit("a name with a space", "predict.0", "id", '"T1 rapid"', "predict.0.id", "wants a name of letters",
         "'T1 rapid'"),
    edit("a name twice", "predict.0", "id", '"T1_sustained"', "predict", "wants each id once",
         "got 'T1_sustained' twice"),
    edit("not recorded", "predict.0", "quantity", '"eef2k.K"', "predict.0.quantity", "a recorded quantity",
         "got 'eef2k.K'"),
    edit("misspelt", "predict.0", "quantity", '"bdnf_trkb.BDN"', "predict.0.quantity",
         "nearest known: 'bdnf_trkb.BDNF'"),
    edit("not recorded then", "predict.0", "at", '"3.01 hour"', "predict.0.at", "not recorded at 3.01 hour"),
    edit("spikes between probes", "predict.0", "quantity", '"pv.E_I_balance"', "predict.0.quantity",
         "recorded quantity"),
    edit("a time in kg", "predict.0", "at", '"3 kg"', "predict.0.at", "wants a value in s", "got '3 kg'"),
    edit("an unknown arm", "predict.0", "claim", '"ketamin > vehicle"', "predict.0.claim", "got 'ketamin'",
         "'ketamine'"),
    edit("no relation", "predict.0", "claim", '"ketamine beats vehicle"', "predict.0.claim", "wants 'ARM > ARM'",
         "beats"),
    edit("two relations", "predict.0", "claim", '"ketamine >= vehicle"', "predict.0.claim", "wants 'ARM > ARM'", ">="),
    edit("a number for an arm", "predict.0", "claim", '"ketamine > 1.05"', "predict.0.claim", "wants an arm",
         "got '1.05'"),
    edit("an arm against itself", "predict.0", "claim", '"ketamine > ketamine"', "predict.0.claim",
         "two different sides"),
    edit("a claim at no time", "predict.0", "claim", '"ketamine > vehicle at noon"', "predict.0.claim", "'noon'"),
    edit("a claim at another time", "predict.0", "claim", '"ketamine > vehicle at -6 minute"',
         "predict.0.claim", "not recorded at -6 minute"),
    edit("an endless claim", "predict.0", "claim", '"a' + " " * 5000 + '"', "predict.0.claim", "wants 'ARM > ARM'"),
    edit("a margin in nS", "predict.0", "margin", '"1 nS"', "predict.0.margin", "dimensionless", "got '1 nS'"),
    edit("a negative margin", "predict.0", "margin", "-0.1", "predict.0.margin", "wants at least 0", "got -0.1"),
    edit("no margin for equality", "predict.2", "margin", None, "predict.2.margin", "more than 0 for a claim with '='"),
    edit("an unknown source", "predict.0", "source", '"autry2012"', "predict.0.source", "'autry2012'", "'autry2011'"),
    edit("an unknown row", "predict.0", "row", '"T1_rapd"', "predict.0.row", "the id of an evidence row",
         "got 'T1_rapd'", "'T1_rapid'"),
    edit("a fact for a row", "predict.0", "row", '"T20"', "predict.0.row", "the id of an evidence row", "got 'T20'"),
    edit("no source", "predict.0", "source", None, "predict.0.source", "missing key 'source'"),
    edit("assumed without a note", "predict.2", "note", None, "predict.2.source", "wants a note that says why"),
]

BROKEN_EXPERIMENTS = {
    "top": TOP, "schedule": SCHEDULE, "arm": ARMS, "dose": DOSES, "record": RECORDS, "prediction": PREDICTIONS,
}  # fmt: skip
