"""Keys of the bibliography: what is read, what is refused, and how it is cited."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from msim.base.errors import DefinitionError
from msim.base.sources import (
    ASSUMED,
    FITTED,
    MEASURED,
    REQUIRED,
    SOFTWARE,
    Source,
    check_source,
    cite_text,
    kind_of,
    kinds_text,
    read_sources,
)

SHIPPED = Path(__file__).parents[2] / "models" / "sources.bib"
ENTRY = """@article{kamp2020,
  author  = {Kamp, Jasper and Olofsen, Erik and Dahan, Albert},
  title   = {Ketamine pharmacokinetics in {T}CI},
  year    = {2020},
  journal = {Anesthesiology},
  doi     = {10.1097/ALN.0000000000003577},
  note    = {not checked
             against the original},
}
"""
OTHER = ENTRY.replace("kamp2020", "jahr1990").replace("2020", "1990")


def read(folder: Path, text: str) -> dict[str, Source]:
    path = folder / "sources.bib"
    path.write_text(text, encoding="utf-8")
    return dict(read_sources(path))


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        read(folder, text)
    message = str(caught.value)
    assert "sources.bib" in message
    return message


def work(*authors: str) -> Source:
    return Source("x2020", authors, "Title", 2020, "Journal")


def test_an_entry_is_read_with_all_its_fields(tmp_path: Path) -> None:
    source = read(tmp_path, ENTRY)["kamp2020"]
    assert source == Source(
        key="kamp2020",
        authors=("Kamp, Jasper", "Olofsen, Erik", "Dahan, Albert"),
        title="Ketamine pharmacokinetics in TCI",
        year=2020,
        journal="Anesthesiology",
        doi="10.1097/ALN.0000000000003577",
        note="not checked against the original",
    )


def test_comments_and_empty_lines_between_entries_say_nothing(tmp_path: Path) -> None:
    text = f"% pharmacokinetics @article{{\n\n{ENTRY}\n  % receptors\n{OTHER}"
    assert list(read(tmp_path, text)) == ["kamp2020", "jahr1990"]


def test_a_bibliography_without_entries_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, "% nothing yet\n") == {}


def test_the_mapping_and_its_sources_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "sources.bib"
    path.write_text(ENTRY)
    sources = read_sources(path)
    with pytest.raises(TypeError):
        sources["new2000"] = work("New, N.")  # type: ignore[index]
    with pytest.raises(AttributeError):
        sources["kamp2020"].year = 1999  # type: ignore[misc]


def test_a_key_that_stands_twice_is_named(tmp_path: Path) -> None:
    assert "kamp2020: is defined twice" in refusal(tmp_path, ENTRY + OTHER + ENTRY)


@pytest.mark.parametrize("field", REQUIRED)
def test_a_missing_required_field_is_named_with_its_key(tmp_path: Path, field: str) -> None:
    text = "\n".join(line for line in ENTRY.splitlines() if not line.strip().startswith(field))
    assert f"kamp2020: missing field '{field}'" in refusal(tmp_path, text)


@pytest.mark.parametrize("field", REQUIRED)
def test_an_empty_required_field_is_a_missing_one(tmp_path: Path, field: str) -> None:
    lines = [f"  {field} = {{ }}," if line.strip().startswith(field) else line for line in ENTRY.splitlines()]
    assert f"kamp2020: missing field '{field}'" in refusal(tmp_path, "\n".join(lines))


def test_an_unclosed_brace_is_blamed_on_its_own_entry_not_on_a_later_one(tmp_path: Path) -> None:
    text = ENTRY.replace("{Anesthesiology}", "{Anesthesiology") + OTHER
    assert "kamp2020.journal: braces do not balance" in refusal(tmp_path, text)


def test_an_unclosed_brace_at_the_end_of_the_file_is_named(tmp_path: Path) -> None:
    text = ENTRY.replace("{T}CI},", "{T}CI,").rstrip("}\n")
    assert "kamp2020.title: braces do not balance" in refusal(tmp_path, text)


def test_a_brace_too_many_is_blamed_on_the_entry_that_it_closed(tmp_path: Path) -> None:
    assert "kamp2020: braces do not balance" in refusal(tmp_path, ENTRY.replace("{T}CI}", "{T}CI}}") + OTHER)


def test_an_entry_that_is_never_closed_is_named(tmp_path: Path) -> None:
    assert "kamp2020.note: braces do not balance" in refusal(tmp_path, ENTRY.rstrip("}\n"))


@pytest.mark.parametrize("key", ["Kamp2020", "kamp", "2020", "", "kamp_2020", "fitted", "assumed"])
def test_a_key_is_the_first_author_and_the_year(tmp_path: Path, key: str) -> None:
    assert "wants a key" in refusal(tmp_path, ENTRY.replace("kamp2020", key))


@pytest.mark.parametrize("year", ["20", "in press", "2020a"])
def test_a_year_is_four_digits(tmp_path: Path, year: str) -> None:
    assert "kamp2020.year: wants four digits" in refusal(tmp_path, ENTRY.replace("{2020}", f"{{{year}}}"))


def test_an_unknown_field_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    message = refusal(tmp_path, ENTRY.replace("journal", "jurnal"))
    assert "unknown field 'jurnal'" in message and "'journal'" in message


def test_a_field_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    assert "field 'doi' stands twice" in refusal(tmp_path, ENTRY.replace("  doi", "  doi = {10/1},\n  doi"))


@pytest.mark.parametrize("text", ["@misc{a2020, title = {x}}", "stray words\n", '@article{ab2020, title = "x"}'])
def test_bibtex_outside_the_subset_is_refused_not_skipped(tmp_path: Path, text: str) -> None:
    assert "wants" in refusal(tmp_path, text)


def test_a_program_is_told_apart_from_what_was_measured(tmp_path: Path) -> None:
    """Every value is counted once, by the kind of its source; what nobody measured is not called so."""
    known = read(tmp_path, ENTRY + OTHER.replace("@article", "@software"))
    assert not known["kamp2020"].is_software and known["jahr1990"].is_software
    kinds = Counter(kind_of(one, known) for one in ("kamp2020", "jahr1990", "fitted", "assumed", "assumed"))
    assert kinds == {MEASURED: 1, SOFTWARE: 1, FITTED: 1, ASSUMED: 2}
    assert kinds_text(kinds) == "1 measured (20 %), 1 software default (20 %), 1 fitted (20 %), 2 assumed (40 %)"
    assert sum(int(one) for one in re.findall(r"(\d+) [a-z]", kinds_text(kinds))) == kinds.total()
    assert "default" not in kinds_text({MEASURED: 1})


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="sources.bib"):
        read_sources(tmp_path / "sources.bib")


def test_a_known_key_needs_no_note(tmp_path: Path) -> None:
    check_source("kamp2020", "", read(tmp_path, ENTRY), "drugs/x.toml: pk.CL")


@pytest.mark.parametrize("source", ["fitted", "assumed"])
@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_fitted_or_assumed_value_says_to_what_or_why(source: str, note: str) -> None:
    check_source(source, "to PK2", {}, "drugs/x.toml: pk.CL")
    with pytest.raises(DefinitionError, match="x.toml: pk.CL: .* wants a note"):
        check_source(source, note, {}, "drugs/x.toml: pk.CL")


@pytest.mark.parametrize(("source", "near"), [("kmap2020", "kamp2020"), ("fited", "fitted"), ("Assumed", "assumed")])
def test_an_unknown_source_is_refused_with_the_nearest_name(tmp_path: Path, source: str, near: str) -> None:
    with pytest.raises(DefinitionError, match=f"x.toml: pk.CL: .*'{source}'.*'{near}'"):
        check_source(source, "a note", read(tmp_path, ENTRY), "drugs/x.toml: pk.CL")


@pytest.mark.parametrize(
    ("authors", "text"),
    [
        (("Friston, Karl J.",), "Friston 2020"),
        (("Jahr, Craig E.", "Stevens, Charles F."), "Jahr and Stevens 2020"),
        (("Kamp, J.", "Olofsen, E.", "Dahan, A."), "Kamp et al. 2020"),
        (("Autry, Anita E.", "others"), "Autry et al. 2020"),
    ],
)
def test_running_text_names_one_author_two_or_the_first(authors: tuple[str, ...], text: str) -> None:
    assert cite_text(work(*authors)) == text


def test_fields_are_parted_by_commas(tmp_path: Path) -> None:
    assert "kamp2020: wants 'field" in refusal(tmp_path, ENTRY.replace("{2020},", "{2020}"))


def test_every_shipped_key_carries_the_year_of_its_work() -> None:
    """A year mistyped in one of the two places shows."""
    sources = read_sources(SHIPPED)
    assert sources
    assert {key: source.year for key, source in sources.items() if f"{source.year}" not in key} == {}


def test_no_shipped_work_stands_under_two_keys() -> None:
    sources = read_sources(SHIPPED).values()
    titles = [source.title.lower() for source in sources]
    dois = [source.doi.lower() for source in sources if source.doi]
    assert len(set(titles)) == len(titles)
    assert len(set(dois)) == len(dois)
