"""Generator of C++ for a population's slow equations, their Jacobian and its elimination; numbers stay outside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msim.multiscale.slow import rosenbrock
from msim.multiscale.slow.elimination import Elimination, operations
from msim.multiscale.slow.ode import SlowExpressions

if TYPE_CHECKING:
    import sympy

NUMBER = re.compile(r"(?<![\w.])\d+\.\d*(?:e[+-]?\d+)?")


@dataclass(frozen=True)
class SlowCode:
    """C++ text that systems with the same equations share, and the numbers of one system."""

    text: str
    numbers: tuple[float, ...]


def slow_code(expressions: SlowExpressions, plan: Elimination) -> SlowCode:
    """Write the whole translation unit; its one function is `msim_slow_stages`."""
    numbers: list[float] = []
    bodies = [
        _function("slopes", expressions, expressions.slopes, numbers),
        _function("jacobian", expressions, list(expressions.derivatives.values()), numbers),
        *_solver(plan),
    ]
    sizes = {"states": len(expressions.states), "names": max(1, len(expressions.outside))}
    sizes["places"] = len(plan.entries) + plan.size + len(plan.fill)
    constants = "".join(f"    static constexpr int {name} = {value};\n" for name, value in sizes.items())
    text = f'#include "slow_step.hpp"\n{_method()}\nstruct System {{\n{constants}{"".join(bodies)}}};\n{ENTRY}'
    return SlowCode(text, tuple(numbers))


ENTRY = """
extern "C" __attribute__((visibility("default"))) void msim_slow_stages(
    int64_t cells, double length, double later, const double* y, const double* outside, const double* k,
    double* found) {
    all_stages<System, Method>(cells, length, later, y, outside, k, found);
}
"""


def _method() -> str:
    """Write the coefficients of the method, from the constants that the NumPy code uses too."""
    def table(rows: Sequence[Sequence[float]]) -> str:
        return "{" + ", ".join("{" + ", ".join(map(repr, row or (0.0,))) + "}" for row in rows) + "}"

    stages = len(rosenbrock.DRIFT)
    rows = [
        f"int stages = {stages}, times = {len(rosenbrock.TIMES)}",
        f"double gamma = {rosenbrock.GAMMA!r}",
        f"int places[{stages}] = {{{', '.join(map(str, rosenbrock.PLACES))}}}",
        f"double drift[{stages}] = {{{', '.join(map(repr, rosenbrock.DRIFT))}}}",
        f"double points[{stages}][{stages - 1}] = {table(rosenbrock.POINTS)}",
        f"double couplings[{stages}][{stages - 1}] = {table(rosenbrock.COUPLINGS)}",
    ]
    return "struct Method {\n" + "".join(f"    static constexpr {row};\n" for row in rows) + "};\n"


def _function(
    name: str, expressions: SlowExpressions, values: Sequence[sympy.Expr], numbers: list[float]
) -> str:
    """Write a function that computes values cell by cell, common parts first; its numbers are appended to `numbers`."""
    import sympy

    ours = {one: sympy.Symbol(f"s{index}", real=True) for index, one in enumerate(expressions.states)}
    ours.update({one: sympy.Symbol(f"o{index}", real=True) for index, one in enumerate(expressions.outside)})
    common, results = sympy.cse([_whole(one.xreplace(ours)) for one in values], sympy.numbered_symbols("x"))
    lines = [f"const double s{index} = y[{index}][c];" for index in range(len(expressions.states))]
    lines += [f"const double o{index} = outside[{index}][c];" for index in range(len(expressions.outside))]

    def stored(match: re.Match[str]) -> str:
        numbers.append(float(match.group()))
        return f"k[{len(numbers) - 1}]"

    printer = _printer()
    lines += [f"const double {symbol} = {NUMBER.sub(stored, printer.doprint(one))};" for symbol, one in common]
    lines += [f"found[{row}][c] = {NUMBER.sub(stored, printer.doprint(one))};" for row, one in enumerate(results)]
    head = "const double (*y)[BLOCK], const double (*outside)[BLOCK], const double* k, double (*found)[BLOCK]"
    return _text(f"    static void {name}({head})", lines)


def _text(head: str, lines: Sequence[str]) -> str:
    body = "".join(f"            {one}\n" for one in lines)
    return f"{head} {{\n        EACH_CELL {{\n{body}        }}\n    }}\n"


def _whole(expression: sympy.Expr) -> sympy.Expr:
    """Replace whole exponents of type float by integers."""
    import sympy

    def power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        whole = exponent.is_Float and float(exponent).is_integer()
        return base ** (sympy.Integer(int(exponent)) if whole else exponent)

    return expression.replace(sympy.Pow, power)


def _printer() -> Any:
    from sympy.printing.c import C99CodePrinter

    class Printer(C99CodePrinter):
        """Printer that writes whole powers as products: the library's power function takes a hundred times as long."""

        def _print_Pow(self, expression: sympy.Pow) -> str:
            base, exponent = expression.as_base_exp()
            if not exponent.is_Integer or abs(exponent) < 2:
                return str(super()._print_Pow(expression))
            power = f"power<{abs(exponent)}>({self._print(base)})"
            return power if exponent > 0 else f"(1.0 / {power})"

    clip = [
        (lambda x, low, high: high.is_infinite, lambda x, low, high: f"raised({x}, {low})"),
        (lambda x, low, high: True, lambda x, low, high: f"bounded({x}, {low}, {high})"),
    ]
    return Printer({"user_functions": {"positive": "positive", "clip": clip}})


def _solver(plan: Elimination) -> tuple[str, str]:
    """Write `factor` and `solve`, operation by operation."""
    places = {one: index for index, one in enumerate(plan.entries)}
    missing = [(row, row) for row in range(plan.size) if (row, row) not in places]
    places.update({one: len(places) + index for index, one in enumerate((*missing, *plan.fill))})

    def place(row: int, column: int) -> str:
        return f"matrix[{places[row, column]}][c]"

    factor = [f"{place(*one)} = {'shift ' if one[0] == one[1] else ''}- {place(*one)};" for one in plan.entries]
    factor += [f"{place(*one)} = shift;" for one in missing] + [f"{place(*one)} = 0;" for one in plan.fill]
    solve: list[str] = []
    for pivot, rows in operations(plan):
        factor.append(f"{place(pivot, pivot)} = 1 / {place(pivot, pivot)};")
        for row, columns in rows:
            factor.append(f"{place(row, pivot)} *= {place(pivot, pivot)};")
            factor += [f"{place(row, one)} -= {place(row, pivot)} * {place(pivot, one)};" for one in columns]
            solve.append(f"right[{row}][c] -= {place(row, pivot)} * right[{pivot}][c];")
    for pivot, _ in reversed(operations(plan)):
        later = plan.order[plan.order.index(pivot) + 1 :]
        solve += [f"right[{pivot}][c] -= {place(pivot, one)} * right[{one}][c];"
                  for one in later if (pivot, one) in places]  # fmt: skip
        solve.append(f"right[{pivot}][c] *= {place(pivot, pivot)};")
    return (
        _text("    static void factor(double shift, double (*matrix)[BLOCK])", factor),
        _text("    static void solve(const double (*matrix)[BLOCK], double (*right)[BLOCK])", solve),
    )
