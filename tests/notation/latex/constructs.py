"""Formulas as people print them, with what they mean: LaTeX, SymPy form, glossary."""

from __future__ import annotations

VECTORS = "x: {shape: [n]}, y: {shape: [n]}, n: size"
MATRICES = "A: {shape: [m, n]}, B: {shape: [n, p]}, m: rows, n: inner, p: columns"
SQUARE = "A: {shape: [n, n], domain: spd}, x: {shape: [n]}, n: order"
INDEXED = "x: {latex: 'x_{i}', index: [i], shape: [n]}, w: {latex: 'w_{i}', index: [i], shape: [n]}, n: size"
TABLE = "A: {latex: 'A_{ij}', index: [i, j], shape: [m, n]}, m: rows, n: columns"

# What it is about -> (LaTeX, SymPy form, symbols).
CONSTRUCTS: dict[str, tuple[str, str, str]] = {
    # numbers, fractions, products
    "implicit product": (r"f = 2ab + ab^2", "Eq(f, 2*a*b + a*b**2)", "f: o, a: in, b: in"),
    "tall and short fractions": (
        r"f = \tfrac12 a + \dfrac{b}{3} - \frac a b",
        "Eq(f, a/2 + b/3 - a/b)",
        "f: o, a: in, b: in",
    ),
    "a slash takes what stands side by side": (r"f = a / b c", "Eq(f, a/(b*c))", "f: o, a: in, b: in, c: in"),
    "a slash before a dot": (r"f = a / b \cdot c", "Eq(f, a/b*c)", "f: o, a: in, b: in, c: in"),
    "decimals": (r"f = 0.044715 a^3 + .5", "Eq(f, 0.044715*a**3 + 0.5)", "f: o, a: in"),
    "percent": (r"f = 95\% a", "Eq(f, 0.95*a)", "f: o, a: in"),
    "sizes and spaces": (
        r"f = \left( a \, \bigl[ b + \Big\{ c \Big\} \bigr] \! \right)\;",
        "Eq(f, a*(b + c))",
        "f: o, a: in, b: in, c: in",
    ),
    "minus in a product": (r"f = a \cdot -b", "Eq(f, -a*b)", "f: o, a: in, b: in"),
    "power of a bracket": (r"f = (a + b)^{2} (a - b)", "Eq(f, (a + b)**2*(a - b))", "f: o, a: in, b: in"),
    "power of a power": (r"f = {a^2}^3", "Eq(f, a**6)", "f: o, a: in"),
    "negative power": (r"f = a^{-2} b^{-1}", "Eq(f, 1/(a**2*b))", "f: o, a: {domain: positive}, b: {domain: positive}"),
    "factorial and binomial": (
        r"f = \binom{n}{k} p^k (1 - p)^{n - k}",
        "Eq(f, binomial(n, k)*p**k*(1 - p)**(n - k))",
        "f: o, n: {domain: natural}, k: {domain: natural}, p: {domain: '(0, 1)'}",
    ),
    "names of several letters": (
        r"\mathrm{F1} = \frac{2 TP}{2 TP + FP + \mathrm{FN}}",
        "Eq(F, 2*TP/(2*TP + FP + FN))",
        "F: {latex: '\\mathrm{F1}'}, TP: {domain: positive}, FP: {domain: positive}, FN: {domain: positive}",
    ),
    "a text with underscores": (
        r"\text{out} = \max(0, x) + \text{negative\_slope} * \min(0, x)",
        "Eq(y, Max(0, x) + negative_slope*Min(0, x))",
        "y: o, x: in, negative_slope: slope",
    ),
    # functions
    "exponentials": (
        r"f = e^{-a} + \exp(b) + \mathrm{e}^{c}",
        "Eq(f, exp(-a) + exp(b) + exp(c))",
        "f: o, a: in, b: in, c: in",
    ),
    "logarithms": (
        r"f = \ln a + \log_2 b + \log_{10}(c) + \lg c",
        "Eq(f, log(a) + log(b, 2) + 2*log(c, 10))",
        "f: o, a: {domain: positive}, b: {domain: positive}, c: {domain: positive}",
    ),
    "functions without brackets": (
        r"f = \sin 2 \pi a + \cos a \sin b",
        "Eq(f, sin(2*pi*a) + cos(a)*sin(b))",
        "f: o, a: in, b: in",
    ),
    "powers of functions": (r"f = \tanh^2(a) + \sin^2 b", "Eq(f, tanh(a)**2 + sin(b)**2)", "f: o, a: in, b: in"),
    "a power behind a function": (
        r"f = \cos(a)^2 + \log(b)^3",
        "Eq(f, cos(a)**2 + log(b)**3)",
        "f: o, a: in, b: {domain: positive}",
    ),
    "inverse functions": (
        r"f = \tan^{-1} a + \arcsin b",
        "Eq(f, atan(a) + asin(b))",
        "f: o, a: in, b: {domain: '(-1, 1)'}",
    ),
    "roots": (r"f = \sqrt{a} + \sqrt[3]{a}", "Eq(f, sqrt(a) + a**(1/3))", "f: o, a: {domain: positive}"),
    "special functions": (
        r"f = \operatorname{erf}\left(\frac{a}{\sqrt{2}}\right) \Gamma(b)",
        "Eq(f, erf(a/sqrt(2))*gamma(b))",
        "f: o, a: in, b: {domain: positive}",
    ),
    "rounding": (
        r"f = \lfloor a \rfloor + \left\lceil b / 2 \right\rceil",
        "Eq(f, floor(a) + ceiling(b/2))",
        "f: o, a: in, b: in",
    ),
    "remainder": (r"f = a \bmod b", "Eq(f, Mod(a, b))", "f: o, a: {domain: natural}, b: {domain: '[1, 9]'}"),
    "absolute values": (
        r"f = |a| |b - 1| + \left| a b \right|",
        "Eq(f, Abs(a)*Abs(b - 1) + Abs(a*b))",
        "f: o, a: in, b: in",
    ),
    "extrema": (r"f = \max(a, b, 0) \min\{a, 1\}", "Eq(f, Max(a, b, 0)*Min(a, 1))", "f: o, a: in, b: in"),
    "clipping": (r"f = \operatorname{clip}(a, -1, 1)", "Eq(f, Max(-1, Min(a, 1)))", "f: o, a: in"),
    "sign": (r"f = \operatorname{sgn}(a) b", "Eq(f, sign(a)*b)", "f: o, a: in, b: in"),
    # letters
    "Greek letters without latex": (
        r"f = \alpha\beta - \lambda",
        "Eq(f, alpha*beta - lam)",
        "f: o, alpha: in, beta: in, lam: in",
    ),
    "accents": (
        r"f = \hat{y} - \bar{y} + \tilde y",
        "Eq(f, yhat - y_bar0 + y_tilde)",
        "f: o, yhat: in, y_bar0: {latex: '\\bar{y}'}, y_tilde: in",
    ),
    "faces": (
        r"\mathcal{L} = \mathbf{w} - \boldsymbol{\theta}",
        "Eq(L, w - theta)",
        "L: {latex: '\\mathcal{L}'}, w: in, theta: in",
    ),
    "primes": (r"f = x' - x", "Eq(f, x_new - x)", 'f: o, x: in, x_new: {latex: "x\'"}'),
    "subscripted names": (
        r"E = k_B T \ln \frac{V_f}{V_0}",
        "Eq(E, k_B*T*log(V_f/V_0))",
        "E: o, k_B: in, T: in, V_f: {domain: positive}, V_0: {domain: positive}",
    ),
    "physics constants": (
        r"E_n = -\frac{m e^4}{2 \hbar^2 n^2}",
        "Eq(E, -m*e**4/(2*hbar**2*n**2))",
        "E: {latex: 'E_n'}, m: in, e: charge, hbar: {domain: positive}, n: {domain: '[1, 9]'}",
    ),
    "dots for time": (
        r"\ddot{x} = -\frac{k}{m} x - \gamma \dot{x}",
        "Eq(a, -k/m*x - gamma*v)",
        "a: {latex: '\\ddot{x}'}, v: {latex: '\\dot{x}'}, k: in, m: {domain: positive}, x: in, gamma: in",
    ),
    "a symbol with its own superscript": (
        r"f = \sigma^2 + \sigma^2 a",
        "Eq(f, s2*(1 + a))",
        "f: o, s2: {latex: '\\sigma^2'}, a: in",
    ),
    "stars": (r"f = x^* - x^{\star}_0", "Eq(f, a - b)", "f: o, a: {latex: 'x^*'}, b: {latex: 'x^{\\star}_0'}"),
    "a function of something as a name": (r"f(x; \theta) = \theta x", "Eq(y, theta*x)", "y: o, x: in, theta: in"),
    "a bare expression": (r"(a - b)^2", "(a - b)**2", "a: in, b: in"),
    # sums
    "limits": (r"f = \sum_{i=1}^{n} w_i x_i", "Eq(f, Sum(w[i]*x[i], (i, 1, n)))", "f: o, " + INDEXED),
    "a sum over an index alone": (
        r"f = \frac1n \sum_i (x_i - 1)^2",
        "Eq(f, Sum((x[i] - 1)**2, (i, 1, n))/n)",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "a sum ends at plus": (
        r"f = \sum_i x_i + 1",
        "Eq(f, Sum(x[i], (i, 1, n)) + 1)",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "a product": (
        r"f = \prod_{i=1}^n x_i",
        "Eq(f, Product(x[i], (i, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "nested sums": (
        r"f = \sum_{i=1}^{m} \sum_{j=1}^{n} A_{ij}^2",
        "Eq(f, Sum(A[i, j]**2, (j, 1, n), (i, 1, m)))",
        "f: o, " + TABLE,
    ),
    "a sum over two indices": (
        r"f = \sum_{i,j} A_{i,j}",
        "Eq(f, Sum(A[i, j], (j, 1, n), (i, 1, m)))",
        "f: o, " + TABLE,
    ),
    "unequal indices": (
        r"f = \sum_{i \neq j} x_i x_j",
        "Eq(f, Sum(Piecewise((x[i]*x[j], Ne(i, j)), (0, True)), (j, 1, n), (i, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "ordered indices": (
        r"f = \sum_{i<j} x_i x_j",
        "Eq(f, Sum(Piecewise((x[i]*x[j], i < j), (0, True)), (j, 1, n), (i, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "a sum over a set": (
        r"H = -\sum_{x \in \mathcal{X}} P(x) \log P(x)",
        "Eq(H, -Sum(P[x]*log(P[x]), (x, 1, K)))",
        "H: o, P: {latex: 'P(x)', index: [x], shape: [K], domain: probability}, K: size",
    ),
    "bounds below": (
        r"f = \sum_{1 \le i \le n} x_i",
        "Eq(f, Sum(x[i], (i, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "shifted positions": (
        r"f = \sum_{i=2}^{n} (x_i - x_{i-1})^2",
        "Eq(f, Sum((x[i] - x[i - 1])**2, (i, 2, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "counting from zero": (
        r"f = \sum_{k=0}^{n-1} x_k",
        "Eq(f, Sum(x[k], (k, 1, n)))",
        "f: o, x: {latex: 'x_{k-1}', index: [k], shape: [n]}, n: size",
    ),
    "superscript indices": (
        r"f = \frac{1}{m} \sum_{i=1}^m \sum_{j=1}^n x_j^{(i)}",
        "Eq(f, Sum(X[i, j], (j, 1, n), (i, 1, m))/m)",
        "f: o, X: {latex: 'x_{j}^{(i)}', index: [i, j], shape: [m, n]}, m: items, n: size",
    ),
    "an entry of every index": (
        r"y_i = x_i^2 + i",
        "Eq(y[i], x[i]**2 + i)",
        "y: {latex: 'y_{i}', index: [i], shape: [n]}, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "greatest entries": (
        r"f = \max_i x_i - \min_{j} x_j",
        "Eq(f, MaxOver(x[i], (i, 1, n)) - MinOver(x[j], (j, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "where the greatest is": (
        r"f = \arg\max_k x_k",
        "Eq(f, ArgMaxOver(x[k], (k, 1, n)))",
        "f: {domain: natural}, x: {latex: 'x_{k}', index: [k], shape: [n]}, n: size",
    ),
    "the argument of an operator name": (
        r"f = \operatorname*{arg\,max}_k x_k",
        "Eq(f, ArgMaxOver(x[k], (k, 1, n)))",
        "f: {domain: natural}, x: {latex: 'x_{k}', index: [k], shape: [n]}, n: size",
    ),
    "an indicator": (
        r"f = \sum_i \mathbb{1}[x_i > 0] x_i",
        "Eq(f, Sum(Piecewise((x[i], x[i] > 0), (0, True)), (i, 1, n)))",
        "f: o, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size",
    ),
    "an indicator with its condition below": (
        r"f = a \mathbb{1}_{\{a \ge b\}}",
        "Eq(f, Piecewise((a, a >= b), (0, True)))",
        "f: o, a: in, b: in",
    ),
    "Kronecker's delta": (
        r"J_{jk} = s_j (\delta_{jk} - s_k)",
        "Eq(J[j, k], s[j]*(KroneckerDelta(j, k) - s[k]))",
        "J: {latex: 'J_{jk}', index: [j, k], shape: [n, n]}, s: {latex: 's_{j}', index: [j], shape: [n]}, n: size",
    ),
    # cases
    "cases": (
        r"f = \begin{cases} a & \text{if } a > b \\ 0 & \text{otherwise} \end{cases}",
        "Eq(f, Piecewise((a, a > b), (0, True)))",
        "f: o, a: in, b: in",
    ),
    "cases with commas": (
        r"f = \begin{cases} a^2/2, & |a| \le 1, \\ |a| - 1/2, & \text{else.} \end{cases}",
        "Eq(f, Piecewise((a**2/2, Abs(a) <= 1), (Abs(a) - 1/2, True)))",
        "f: o, a: in",
    ),
    "chained conditions": (
        r"f = \begin{cases} 1 & 0 \le a < 1 \\ 0 & \text{otherwise} \end{cases}",
        "Eq(f, Piecewise((1, (a >= 0) & (a < 1)), (0, True)))",
        "f: o, a: in",
    ),
    "cases in a product": (
        r"f = \lambda \begin{cases} a & a > 0 \\ -a & a \le 0 \end{cases}",
        "Eq(f, lam*Abs(a))",
        "f: o, a: in, lam: in",
    ),
    "cases in an array": (
        r"f = \left\{ \begin{array}{ll} a & \mathrm{if}\ a > 0 \\ 0 & \mathrm{otherwise} \end{array} \right.",
        "Eq(f, Max(a, 0))",
        "f: o, a: in",
    ),
    "and in a condition": (
        r"f = \begin{cases} 1 & a > 0 \text{ and } b > 0 \\ 0 & \text{otherwise} \end{cases}",
        "Eq(f, Piecewise((1, (a > 0) & (b > 0)), (0, True)))",
        "f: o, a: in, b: in",
    ),
    # vectors and matrices
    "a matrix times a vector": (
        r"y = A x + b",
        "Eq(y, A*x + b)",
        "y: {shape: [m]}, A: {shape: [m, n]}, x: {shape: [n]}, b: {shape: [m]}, m: r, n: c",
    ),
    "bold letters": (
        r"\mathbf{y} = \mathbf{A}\mathbf{x}",
        "Eq(y, A*x)",
        "y: {shape: [m]}, A: {shape: [m, n]}, x: {shape: [n]}, m: r, n: c",
    ),
    "a row times a matrix": (
        r"y = x W + b",
        "Eq(y, W.T*x + b)",
        "y: {shape: [k]}, x: {shape: [d]}, W: {shape: [d, k]}, b: {shape: [k]}, d: i, k: o",
    ),
    "a bias for every row": (
        r"Y = X W + b",
        "Eq(Y[i, j], Sum(X[i, l]*W[l, j], (l, 1, d)) + b[j])",
        "Y: {shape: [N, k]}, X: {shape: [N, d]}, W: {shape: [d, k]}, b: {shape: [k]}, N: s, d: i, k: o",
    ),
    "transposes": (
        r"f = x^\top A x + y^T x + \mathbf{x}^{\mathsf{T}} y",
        "Eq(f, x.T*A*x + 2*y.T*x)",
        "f: o, A: {shape: [n, n]}, " + VECTORS,
    ),
    "an outer product": (r"C = x y^\top", "Eq(C, x*y.T)", "C: {shape: [n, n]}, " + VECTORS),
    "a dot product": (r"f = \mathbf{x} \cdot \mathbf{y} + \langle x, y \rangle", "Eq(f, 2*x.T*y)", "f: o, " + VECTORS),
    "elementwise products": (r"z = x \odot y + x * y", "Eq(z, 2*HadamardProduct(x, y))", "z: {shape: [n]}, " + VECTORS),
    "elementwise quotients": (
        r"z = \frac{x}{\sqrt{y} + 1}",
        "Eq(z[i], x[i]/(sqrt(y[i]) + 1))",
        "z: {shape: [n]}, x: {shape: [n]}, y: {shape: [n], domain: positive}, n: size",
    ),
    "elementwise powers": (r"z = x^2 + x", "Eq(z[i], x[i]**2 + x[i])", "z: {shape: [n]}, x: {shape: [n]}, n: size"),
    "elementwise functions": (
        r"z = \tanh(x) \exp(-y)",
        "Eq(z[i], tanh(x[i])*exp(-y[i]))",
        "z: {shape: [n]}, " + VECTORS,
    ),
    "powers of matrices": (
        r"B = A^2 A^{-1}",
        "Eq(B, A)",
        "B: {shape: [n, n]}, A: {shape: [n, n], domain: spd}, n: order",
    ),
    "an entry of a product": (
        r"C_{ij} = (A B)_{ij}",
        "Eq(C, A*B)",
        "C: {latex: 'C_{ij}', index: [i, j], shape: [m, p]}, " + MATRICES,
    ),
    "an unindexed array in a glossary with indices": (
        r"C = A B",
        "Eq(C, A*B)",
        "C: {latex: 'C_{ij}', index: [i, j], shape: [m, p]}, " + MATRICES,
    ),
    "traces and determinants": (
        r"f = \operatorname{tr}(A) + \log\det A + |A|",
        "Eq(f, Trace(A) + log(Determinant(A)) + Determinant(A))",
        "f: o, A: {shape: [n, n], domain: spd}, n: order",
    ),
    "the identity": (
        r"y = (A + \lambda I)^{-1} x",
        "Eq(y, (A + lam*I)**-1*x)",
        "y: {shape: [n]}, lam: {domain: positive}, " + SQUARE,
    ),
    "a transposed inverse": (r"f = x^\top A^{-\top} x", "Eq(f, x.T*A**-1*x)", "f: o, " + SQUARE),
    "a diagonal matrix": (
        r"B = A \operatorname{diag}(x)",
        "Eq(B[i, j], A[i, j]*x[j])",
        "B: {shape: [n, n]}, " + SQUARE,
    ),
    "a factorisation": (
        r"A = U \Lambda U^\top",
        "Eq(A, U*diag(lam)*U.T)",
        "A: {shape: [n, n]}, U: {shape: [n, n]}, lam: {latex: '\\Lambda', shape: [n]}, n: order",
    ),
    "norms": (
        r"f = \|x\| + \lVert y \rVert_2^2 + \left\| x - y \right\|_1",
        "Eq(f, sqrt(x.T*x) + y.T*y + Sum(Abs(x[i] - y[i]), (i, 1, n)))",
        "f: o, " + VECTORS,
    ),
    "the greatest norm": (
        r"f = \|x\|_\infty",
        "Eq(f, MaxOver(Abs(x[i]), (i, 1, n)))",
        "f: o, x: {shape: [n]}, n: size",
    ),
    "Frobenius's norm": (
        r"f = \|A\|_F^2",
        "Eq(f, Sum(A[i, j]**2, (i, 1, m), (j, 1, n)))",
        "f: o, A: {shape: [m, n]}, m: r, n: c",
    ),
    "norms of any order": (
        r"f = \|x\|_p",
        "Eq(f, Sum(Abs(x[i])**p, (i, 1, n))**(1/p))",
        "f: o, x: {shape: [n]}, p: {domain: '[1, 3]'}, n: size",
    ),
    "rows by an index": (
        r"D_{ij} = \|x_i - x_j\|^2",
        "Eq(D[i, j], Sum((X[i, k] - X[j, k])**2, (k, 1, d)))",
        "D: {latex: 'D_{ij}', index: [i, j], shape: [n, n]}, X: {latex: 'x_{i}', index: [i], shape: [n, d]}, n: items, d: size",
    ),
    "a matrix of entries": (
        r"J = \begin{bmatrix} 2a & 1 \\ b \cos(ab) & a \end{bmatrix}",
        "Eq(J[i, j], Piecewise((2*a, Eq(i, 1) & Eq(j, 1)), (1, Eq(i, 1)), (b*cos(a*b), Eq(j, 1)), (a, True)))",
        "J: {shape: [2, 2]}, a: in, b: in",
    ),
    "a determinant of entries": (
        r"f = \det \begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        "Eq(f, a*d - b*c)",
        "f: o, a: in, b: in, c: in, d: in",
    ),
    # statistics
    "a mean": (r"f = \mathbb{E}[x]", "Eq(f, Sum(x[i], (i, 1, n))/n)", "f: o, x: {shape: [n]}, n: size"),
    "normalisation": (
        r"y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} * \gamma + \beta",
        "Eq(y[i], (x[i] - Sum(x[k], (k, 1, n))/n)/sqrt(Sum((x[k] - Sum(x[j], (j, 1, n))/n)**2, (k, 1, n))/n + eps)*gamma[i] + beta[i])",
        "y: {shape: [n]}, x: {shape: [n]}, eps: {domain: positive}, gamma: {shape: [n]}, beta: {shape: [n]}, n: size",
    ),
    "a covariance": (
        r"f = \operatorname{Cov}(x, y)",
        "Eq(f, Sum(x[i]*y[i], (i, 1, n))/n - Sum(x[i], (i, 1, n))*Sum(y[i], (i, 1, n))/n**2)",
        "f: o, " + VECTORS,
    ),
    # statements
    "definitions behind their use": (
        r"f = a_1 b, \quad \text{where } a_1 = b^2",
        "[Eq(a1, b**2), Eq(f, a1*b)]",
        "f: o, a1: {latex: 'a_1'}, b: in",
    ),
    "aligned lines": (
        r"\begin{aligned} u &= a + b \\ f &= u^2 \\ &\quad + 1 \end{aligned}",
        "[Eq(u, a + b), Eq(f, u**2 + 1)]",
        "f: o, u: mid, a: in, b: in",
    ),
    "lines": (r"u = a + b \\ f = u^2", "[Eq(u, a + b), Eq(f, u**2)]", "f: o, u: mid, a: in, b: in"),
    "a chain": (r"f = (a + b)^2 = a^2 + 2ab + b^2", "Eq(f, (a + b)**2)", "f: o, a: in, b: in"),
    "an update": (
        r"v \leftarrow \beta v + g, \quad x \leftarrow x - \eta v",
        "[Eq(v_new, beta*v + g), Eq(x_new, x - eta*v_new)]",
        "x_new: {latex: x, updates: x}, v_new: {latex: v, updates: v, output: true}, x: in, v: in, g: in, beta: in, eta: in",
    ),
    "remarks": (
        r"y = A x, \quad A \in \mathbb{R}^{m \times n},\; x \in \mathbb{R}^n",
        "Eq(y, A*x)",
        "y: {shape: [m]}, A: {shape: [m, n]}, x: {shape: [n]}, m: r, n: c",
    ),
    "conditional bars": (
        r"P(A \mid B) = \frac{P(B | A) P(A)}{P(B)}",
        "Eq(p, q*a/b)",
        "p: {latex: 'P(A \\mid B)'}, q: {latex: 'P(B \\mid A)'}, a: {latex: 'P(A)'}, b: {latex: 'P(B)', domain: positive}",
    ),
    "an integral": (
        r"f = \int_0^1 e^{-a x} \, dx",
        "Eq(f, Integral(exp(-a*x), (x, 0, 1)))",
        "f: o, a: {domain: positive}",
    ),
    "an integral over the line": (
        r"f = \int_{-\infty}^{\infty} e^{-x^2/a} \,\mathrm{d}x",
        "Eq(f, Integral(exp(-x**2/a), (x, -oo, oo)))",
        "f: o, a: {domain: positive}",
    ),
}
