"""The words of the formula language, as tables.

Every call in a formula is one of these words, another record, or a symbol of the record. The glossary wins over all
of them: a record may have a symbol `beta` or `S` although SymPy has functions of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunctionWord:
    """A word that is called: its fewest and most arguments (`most` is None for any number) and its meaning.

    `sympy` is the name of SymPy's object that shows the word to people; empty for words that SymPy lacks.
    """

    name: str
    fewest: int
    most: int | None
    meaning: str
    sympy: str = ""

    def accepts(self, count: int) -> bool:
        """Whether the word takes `count` arguments.

        >>> SCALAR_FUNCTIONS["log"].accepts(2), SCALAR_FUNCTIONS["exp"].accepts(2)
        (True, False)
        """
        return self.fewest <= count and (self.most is None or count <= self.most)

    def arity(self) -> str:
        """The number of arguments in words.

        >>> SCALAR_FUNCTIONS["log"].arity(), SCALAR_FUNCTIONS["Max"].arity()
        ('1 or 2 arguments', '1 or more arguments')
        """
        if self.most is None:
            return f"{self.fewest} or more arguments"
        if self.most != self.fewest:
            return f"{self.fewest} or {self.most} arguments"
        return f"{self.fewest} argument{'s' if self.fewest != 1 else ''}"


@dataclass(frozen=True, slots=True)
class ConstantWord:
    """A named number."""

    name: str
    meaning: str


def _table(*words: FunctionWord) -> Mapping[str, FunctionWord]:
    return {word.name: word for word in words}


def _one(name: str, meaning: str) -> FunctionWord:
    return FunctionWord(name, 1, 1, meaning, name)


def _two(name: str, meaning: str) -> FunctionWord:
    return FunctionWord(name, 2, 2, meaning, name)


SCALAR_FUNCTIONS: Mapping[str, FunctionWord] = _table(
    # exponentials, logarithms, roots
    _one("exp", "exponential"),
    FunctionWord("log", 1, 2, "natural logarithm, or the logarithm to the base of the second argument", "log"),
    _one("sqrt", "square root"),
    _one("cbrt", "cube root"),
    # trigonometry
    _one("sin", "sine"),
    _one("cos", "cosine"),
    _one("tan", "tangent"),
    _one("sec", "secant"),
    _one("csc", "cosecant"),
    _one("cot", "cotangent"),
    _one("asin", "inverse sine"),
    _one("acos", "inverse cosine"),
    _one("atan", "inverse tangent"),
    _two("atan2", "angle of the point (x, y), written atan2(y, x)"),
    _one("sinc", "sin(x)/x, 1 at 0"),
    # hyperbolic functions
    _one("sinh", "hyperbolic sine"),
    _one("cosh", "hyperbolic cosine"),
    _one("tanh", "hyperbolic tangent"),
    _one("sech", "hyperbolic secant"),
    _one("csch", "hyperbolic cosecant"),
    _one("coth", "hyperbolic cotangent"),
    _one("asinh", "inverse hyperbolic sine"),
    _one("acosh", "inverse hyperbolic cosine"),
    _one("atanh", "inverse hyperbolic tangent"),
    # special functions
    _one("erf", "error function"),
    _one("erfc", "complementary error function"),
    _one("gamma", "gamma function"),
    _one("loggamma", "logarithm of the gamma function"),
    _one("digamma", "derivative of loggamma"),
    _two("polygamma", "n-th derivative of digamma, written polygamma(n, x)"),
    _two("beta", "beta function"),
    _one("factorial", "factorial"),
    _two("binomial", "binomial coefficient"),
    # kinks, rounding, choices
    _one("Abs", "absolute value"),
    _one("sign", "-1, 0 or 1"),
    _one("floor", "greatest integer not above"),
    _one("ceiling", "least integer not below"),
    _two("Mod", "remainder with the divisor's sign"),
    FunctionWord("Max", 1, None, "greatest of the arguments", "Max"),
    FunctionWord("Min", 1, None, "least of the arguments", "Min"),
    FunctionWord("Piecewise", 1, None, "value of the first pair (value, condition) whose condition holds", "Piecewise"),
    FunctionWord("Heaviside", 1, 2, "0 below 0 and 1 above; at 0 the second argument, else 1/2", "Heaviside"),
    _two("KroneckerDelta", "1 where the arguments are equal, else 0"),
    _two("Rational", "exact quotient of two integers"),
)

BINDERS: Mapping[str, FunctionWord] = _table(
    # a body, then limits (index, lower, upper), innermost first
    FunctionWord("Sum", 2, None, "sum of the body over the limits", "Sum"),
    FunctionWord("Product", 2, None, "product of the body over the limits", "Product"),
    FunctionWord("Integral", 2, None, "integral of the body over the limits", "Integral"),
    FunctionWord("MaxOver", 2, None, "greatest value of the body over the limits"),
    FunctionWord("MinOver", 2, None, "least value of the body over the limits"),
    FunctionWord("ArgMaxOver", 2, 2, "first index at which the body is greatest"),
    FunctionWord("ArgMinOver", 2, 2, "first index at which the body is least"),
)

SOLVERS: Mapping[str, FunctionWord] = _table(
    # an equation or an objective, then the unknown: x, (x, start) or (x, low, high)
    FunctionWord("Root", 2, 2, "the unknown for which an expression is 0, or Eq(a, b) holds"),
    FunctionWord("FixedPoint", 2, 2, "the unknown that an expression gives back"),
    FunctionWord("ArgMin", 2, None, "the unknown where an expression is least, under conditions"),
    FunctionWord("ArgMax", 2, None, "the unknown where an expression is greatest, under conditions"),
)

MATRIX_WORDS: Mapping[str, FunctionWord] = _table(
    FunctionWord("Matrix", 1, None, "matrix of the rows [[a, b], [c, d]], or column of the entries [a, b]"),
    _one("Trace", "sum of the diagonal"),
    _one("Transpose", "transpose, also written X.T"),
    _one("Determinant", "determinant"),
    _one("Inverse", "inverse, also written X**-1"),
    _one("Identity", "identity matrix of that order"),
    FunctionWord("ZeroMatrix", 2, 2, "matrix of zeros, rows by columns", "ZeroMatrix"),
    FunctionWord("OneMatrix", 2, 2, "matrix of ones, rows by columns", "OneMatrix"),
    FunctionWord("HadamardProduct", 2, None, "product entry by entry", "HadamardProduct"),
    FunctionWord("HadamardPower", 2, 2, "power entry by entry", "HadamardPower"),
    FunctionWord("MaxEntry", 1, 1, "greatest entry of an array, or the number itself"),
    FunctionWord("diag", 1, 1, "diagonal matrix of a vector", "DiagMatrix"),
    FunctionWord("LogDeterminant", 1, 1, "logarithm of a positive determinant, also log(Determinant(X))"),
    FunctionWord("Cholesky", 1, 1, "lower triangular factor of a symmetric positive definite matrix"),
    FunctionWord("Eigenvalues", 1, 1, "eigenvalues of a symmetric matrix, ascending"),
    FunctionWord("RealEigenvalues", 1, 1, "eigenvalues of a matrix that has only real ones, ascending"),
    FunctionWord("EigenvalueRealParts", 1, 1, "real parts of a matrix' eigenvalues, ascending"),
    FunctionWord("EigenvalueImaginaryParts", 1, 1, "imaginary parts, in the order of the real ones"),
    FunctionWord("Eigenvectors", 1, 1, "orthonormal eigenvectors of a symmetric matrix, as columns"),
    FunctionWord("SingularValues", 1, 1, "singular values of a matrix, descending"),
    FunctionWord("LeftSingularVectors", 1, 1, "left singular vectors of a matrix, as columns (thin)"),
    FunctionWord("RightSingularVectors", 1, 1, "right singular vectors of a matrix, as columns (thin)"),
)

RELATIONS: Mapping[str, FunctionWord] = _table(
    _two("Eq", "equal"),
    _two("Ne", "not equal"),
    _two("Lt", "less than"),
    _two("Le", "at most"),
    _two("Gt", "greater than"),
    _two("Ge", "at least"),
)

CONNECTIVES: Mapping[str, FunctionWord] = _table(
    FunctionWord("And", 1, None, "all conditions hold", "And"),
    FunctionWord("Or", 1, None, "some condition holds", "Or"),
    FunctionWord("Not", 1, 1, "the condition does not hold", "Not"),
    FunctionWord("Implies", 2, 2, "in claims: a relation that is meant where the condition holds", "Implies"),
)

CALCULUS_WORDS: Mapping[str, FunctionWord] = _table(
    FunctionWord("Derivative", 2, None, "derivative of an expression with respect to entries or symbols", "Derivative"),
    FunctionWord("subs", 3, 3, "an expression with a symbol replaced, written L.subs(x, value)", "Subs"),
)

FUNCTION_WORDS: Mapping[str, FunctionWord] = {
    **SCALAR_FUNCTIONS,
    **BINDERS,
    **SOLVERS,
    **MATRIX_WORDS,
    **RELATIONS,
    **CONNECTIVES,
    **CALCULUS_WORDS,
}

CONSTANTS: Mapping[str, ConstantWord] = {
    word.name: word
    for word in (
        ConstantWord("pi", "circumference over diameter"),
        ConstantWord("E", "base of the natural logarithm"),
        ConstantWord("EulerGamma", "Euler's constant, 0.5772…"),
        ConstantWord("GoldenRatio", "(1 + sqrt(5))/2"),
        ConstantWord("Catalan", "Catalan's constant, 0.9159…"),
        ConstantWord("oo", "infinity"),
        ConstantWord("I", "imaginary unit; where the shapes ask for it, the identity matrix"),
    )
}
