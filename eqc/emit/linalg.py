"""How functions of whole arrays are called in generated source."""

from __future__ import annotations

from collections.abc import Mapping

from eqc.ir import opaque

CALLS: Mapping[type[opaque.Opaque], str] = {
    opaque.Inverse: "np.linalg.inv({0})",
    opaque.Solve: "np.linalg.solve({0}, {1})",
    opaque.SolveVector: "np.linalg.solve({0}, {1})",
    opaque.SolveTransposed: "np.linalg.solve({0}.T, {1})",
    opaque.SolveVectorTransposed: "np.linalg.solve({0}.T, {1})",
    opaque.Determinant: "np.linalg.det({0})",
    opaque.LogDeterminant: "_log_determinant({0})",
    opaque.LogDeterminantSpd: "_factor_log_determinant(_cholesky(_symmetric({0})))",
    opaque.Cholesky: "_cholesky(_symmetric({0}))",
    opaque.FactorLogDeterminant: "_factor_log_determinant({0})",
    opaque.FactorInverse: "_factor_inverse({0})",
    opaque.FactorSolve: "_factor_solve({0}, {1})",
    opaque.FactorSolveVector: "_factor_solve_vector({0}, {1})",
    opaque.Adjugate: "_adjugate({0})",
    opaque.AdjugateTangent: "_adjugate_tangent({0}, {1})",
    opaque.RunningSum: "_running_sum({0}, {1})",
    opaque.RunningProduct: "_running_product({0}, {1})",
    opaque.ProductsWithout: "_products_without({0})",
    opaque.Recurrence: "_recurrence({0}, {1}, {2})",
    opaque.Discounted: "_discounted({0}, _parts({1}), 1)",
    opaque.DiscountedBack: "_discounted({0}, _parts({1}), -1)",
    opaque.Powers: "_powers({0}, {1})",
    opaque.RealEigenvalues: "_real_eigenvalues({0})",
    opaque.EigenvalueRealParts: "_spectrum({0})[0].real.copy()",
    opaque.EigenvalueImaginaryParts: "_spectrum({0})[0].imag.copy()",
    opaque.ProjectorRealParts: "_projectors({0}).real.copy()",
    opaque.ProjectorImaginaryParts: "_projectors({0}).imag.copy()",
    opaque.Eigenvalues: "np.linalg.eigh(_symmetric({0}))[0]",
    opaque.Eigenvectors: "_eigenvectors(_symmetric({0}))",
    opaque.SingularValues: "np.linalg.svd({0}, full_matrices=False)[1]",
    opaque.LeftSingularVectors: "_singular_vectors({0})[0]",
    opaque.RightSingularVectors: "_singular_vectors({0})[1]",
}
"""Head -> the call; {0}, {1} are the arguments. Functions with a leading underscore stand beside the kernels."""
