"""Texts with blanks: a small, safe part of Jinja. Compiled and tried before any call.

Allowed: {{ name }}, filters from FILTERS, {% if %}, comparisons, and/or/not, + - / // %, * of numbers.
Not allowed: calls, loops, assignments, attributes, powers: a scenario can neither hang nor fill the engine.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, meta, nodes, pass_context
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.domain.errors import did_you_mean
from engine.ivr import spoken

LANGUAGE = "language"  # a variable that every text has
MAX_SOURCE = 2_000  # characters of one text as written
MAX_SPOKEN = 2_000  # characters of one text as spoken: two minutes, more than anybody listens to

_STATEMENTS: tuple[type[nodes.Node], ...] = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If)
_EXPRESSIONS: tuple[type[nodes.Node], ...] = (
    nodes.Name, nodes.Const, nodes.Filter, nodes.Test, nodes.Keyword, nodes.List, nodes.Tuple,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg,
)  # fmt: skip


@pass_context
def _number(context: Context, n: object, gender: str = "m", case: str = "n") -> str:
    return spoken.number(context[LANGUAGE], n, gender, case)


@pass_context
def _count(context: Context, n: object, *forms: str, gender: str = "m") -> str:
    return spoken.count(context[LANGUAGE], n, *forms, gender=gender)


@pass_context
def _money(context: Context, amount: object, currency: str, case: str = "n") -> str:
    return spoken.money(context[LANGUAGE], amount, currency, case)


@pass_context
def _spoken_date(context: Context, when: object, case: str = "", year: bool = False) -> str:
    return spoken.day(context[LANGUAGE], when, case, year)


@pass_context
def _digits(context: Context, text: object, *groups: int) -> str:
    return spoken.digits(context[LANGUAGE], text, *groups)


FILTERS: dict[str, Callable[..., Any]] = {
    "number": _number,
    "count": _count,
    "money": _money,
    "spoken_date": _spoken_date,
    "digits": _digits,
    "int": int,
    "lower": str.lower,
    "upper": str.upper,
}


class _Sandbox(ImmutableSandboxedEnvironment):
    """`*` and `%` work on numbers only: on texts they can make a long text out of a short one."""

    intercepted_binops = frozenset({"*", "%", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
            raise SecurityError(f"'{operator}' is for numbers only")
        return super().call_binop(context, operator, left, right)


def _environment() -> Environment:
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = dict(FILTERS)
    environment.tests = {name: environment.tests[name] for name in ("eq", "ne", "lt", "le", "gt", "ge", "in")}
    return environment


class Text:
    """A compiled text or expression. `names`: the variables it reads. ValueError if it cannot be one."""

    def __init__(self, source: str, *, expression: bool = False) -> None:
        if len(source) > MAX_SOURCE:
            raise ValueError(f"longer than {MAX_SOURCE} characters")
        self.source = source
        tree = _parse(source, expression)
        _allow_only_the_harmless(tree, expression)
        self.names: frozenset[str] = frozenset(meta.find_undeclared_variables(tree))
        self.bare: frozenset[str] = frozenset(_bare_names(tree))
        self._render, self._evaluate = _compile(source, expression)

    def render(self, values: Mapping[str, Any], language: str) -> str:
        """The text as it is spoken, spaces made single. ValueError when a value does not fit."""
        assert self._render is not None
        said = " ".join(self._guard(self._render, values, language).split())
        if len(said) > MAX_SPOKEN:
            raise ValueError(f"becomes longer than {MAX_SPOKEN} characters")
        return said

    def evaluate(self, values: Mapping[str, Any], language: str) -> Any:
        """The value of an expression. ValueError when it has none, e.g. a text compared with a number."""
        assert self._evaluate is not None
        result = self._guard(self._evaluate, values, language)
        if isinstance(result, StrictUndefined):
            raise ValueError("reads something that has no value yet")
        return result

    @staticmethod
    def _guard(work: Callable[..., Any], values: Mapping[str, Any], language: str) -> Any:
        try:
            return work({**values, LANGUAGE: language})
        except (SecurityError, UndefinedError, TypeError, ArithmeticError, AttributeError) as error:
            raise ValueError(str(error)) from error


def _parse(source: str, expression: bool) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse("{{ " + source + " }}" if expression else source)
    except TemplateSyntaxError as error:
        raise ValueError(f"cannot be read: {error.message}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _compile(source: str, expression: bool) -> tuple[Callable[..., str] | None, Callable[..., Any] | None]:
    try:
        if expression:
            return None, _ENVIRONMENT.compile_expression(source, undefined_to_none=False)
        return _ENVIRONMENT.from_string(source).render, None
    except TemplateSyntaxError as error:
        raise ValueError(f"cannot be read: {error.message}") from None
    except (RecursionError, SyntaxError, MemoryError):  # of Python's own compiler
        raise ValueError("nested too deeply") from None


def _allow_only_the_harmless(tree: nodes.Template, expression: bool) -> None:
    if expression and [type(node) for node in tree.body] != [nodes.Output]:
        raise ValueError("is not one expression")
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ValueError(f"unknown filter '{node.name}'. {did_you_mean(node.name, FILTERS)}")
        if isinstance(node, nodes.Test) and node.name not in _ENVIRONMENT.tests:
            raise ValueError(f"unknown test '{node.name}'")
        if not isinstance(node, _STATEMENTS + _EXPRESSIONS):
            raise ValueError(f"{type(node).__name__.lower()} is not allowed in a scenario's texts")


def _bare_names(tree: nodes.Template) -> Iterable[str]:
    """Variables spoken as they are, without a filter."""
    for output in tree.find_all(nodes.Output):
        yield from (node.name for node in output.nodes if isinstance(node, nodes.Name))


_ENVIRONMENT = _environment()
