"""`import twokey as tk`: quick to import, easy to find one's way, tables that hold, answers that show themselves."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

import twokey as tk
from twokey.face import Rows


def test_names_are_found_by_tab_and_loaded_when_used() -> None:
    code = (
        "import sys, twokey as tk; loaded = set(sys.modules); names = dir(tk);"
        "assert not {'numpy', 'duckdb', 'pyarrow', 'rich', 'pydantic'} & loaded, loaded;"
        "assert not any(m.startswith('twokey.') for m in loaded);"
        "print(len([n for n in names if callable(getattr(tk, n))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 25
    assert set(tk.__all__) <= set(dir(tk))


def test_every_name_has_a_page_of_help_and_types() -> None:
    for name in tk.__all__:
        found = getattr(tk, name)
        assert len((found.__doc__ or "").strip()) > 30, name
        if not isinstance(found, type):
            assert "return" in found.__annotations__, name
    assert (Path(tk.__file__).parent / "py.typed").is_file()
    stub = Path(tk.__file__).read_text()
    assert all(f"        {name}," in stub for name in tk.__all__)  # those who check types see what is loaded late


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'estimate'"):
        tk.estimat  # noqa: B018


def test_tables_have_the_catalogues_figures_with_their_sources() -> None:
    chips = tk.chips_table()
    table = chips.to_arrow()
    assert table.num_rows == len(chips) >= 90
    assert isinstance(chips.to_duckdb(), duckdb.DuckDBPyRelation)
    [h20] = chips.sql("select tpp, dram_bandwidth_GBps, dram_bandwidth_GBps_source from rows where id = 'nvidia-h20'")
    assert h20["tpp"] == 2368
    assert h20["dram_bandwidth_GBps"] == 4000
    assert len(h20["dram_bandwidth_GBps_source"]) > 5
    most = chips.sql("select vendor, max(tpp) as most from rows group by vendor order by most desc limit 3")
    assert len(most) == 3
    assert most[0]["most"] >= most[1]["most"] >= most[2]["most"]


def test_every_table_becomes_an_arrow_table() -> None:
    for make in (tk.chips_table, tk.models_table, tk.workloads_table, tk.rules_table, tk.spaces):
        rows = make()
        assert rows.to_arrow().num_rows == len(rows) > 3
    answers = tk.check(["nvidia-h20", "nvidia-h100"], to="CN", on="2025-04-17")
    assert [r["verdict"] for r in answers.sql("select verdict from rows")] == ["shut", "shut"]
    assert answers.to_arrow()["keys_us_outcome"].to_pylist() == ["licence-required"] * 2
    assert Rows([{"a": 1}, {"a": "x"}, {}]).to_arrow()["a"].to_pylist() == ["1", "x", None]
    assert Rows([]).to_arrow().num_rows == 0


def test_answers_show_themselves_in_a_notebook_and_on_a_terminal() -> None:
    shown = [
        tk.check("nvidia-h20", to="CN", on="2025-04-17"),
        tk.check("nvidia-h20", to="CN", on="2025-04-17")[0],
        tk.estimate("nvidia-h20", model="llama-3-8b", phase="decode", batch=8),
        tk.duty("nvidia-h20", to="US", origin="TW", hts="8473.30", on="2026-02-01"),
        tk.cost("nvidia-h100"),
        tk.exposure(),
        tk.forensics("llama-2-70b", "nvidia-a100", tokens="2T", device_hours=1720320),
    ]
    for answer in shown:
        page = answer._repr_html_()  # type: ignore[union-attr]
        assert page.startswith("<table>")
        assert page.count("<table>") == page.count("</table>")
        out = io.StringIO()
        Console(width=200, file=out).print(answer)
        assert len(out.getvalue()) > 100
    assert "licence-required" in shown[1]._repr_html_()  # type: ignore[union-attr]


def test_a_list_of_answers_stays_a_list() -> None:
    answers = tk.check(["nvidia-h20"], to="CN", on="2025-04-08")
    [answer] = answers
    assert isinstance(answers, list)
    assert "nvidia-h20" in repr(answers)
    assert "more rows" in repr(tk.chips_table())
    assert max(len(line) for line in repr(tk.chips_table()).splitlines()) <= 120
    assert repr(Rows([])) == "no rows"
    assert answer.verdict == "open"
    assert tk.timeline("nvidia-h20", to="CN")[0].to_json()["from"] == "2022-08-01"
