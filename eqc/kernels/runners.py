"""How the functions of a generated module, and of those beside it, are made to run for a kernel's methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from eqc.kernels.functions import select
from eqc.kernels.mending import Mending
from eqc.kernels.runner import Runner
from eqc.kernels.signature import Form, Signature, form_of
from eqc.kernels.single import Core
from eqc.kernels.spare import Spare
from eqc.kernels.together import Together

WIDE = "_wide"
"""The folder of modules in wide numbers."""

BATCHED = "_batched"
"""The folder of modules for many items with the same matrices."""


@dataclass(slots=True)
class Runners:
    """One runner for each kernel of a module, made when it is first asked for.

    `functions` are those that were given for the function inputs.
    """

    module: ModuleType
    signature: Signature
    loading: Callable[[], AbstractContextManager[None]]
    functions: Mapping[str, Any]
    made: dict[tuple[str, bool], Runner] = field(default_factory=dict)

    def of(self, kernel: str, summed: bool = True) -> Runner:
        """The runner of a kernel; unless `summed`, what items share has a result for each of them."""
        runner = self.made.get((kernel, summed))
        if runner is None:
            runner = self.made[kernel, summed] = self._make(kernel, summed)
        return runner

    def of_each(self, kernel: str) -> Runner | None:
        """A kernel that a Jacobian is assembled from, if there is one."""
        return self.of(kernel, summed=False) if kernel in self.signature.kernels else None

    def _make(self, kernel: str, summed: bool) -> Runner:
        signature = self.signature
        form = form_of(signature, kernel)
        function = getattr(self.module, f"{self._name(kernel)}_into")
        functions = select(signature, kernel, self.functions)
        form = replace(form, summed=form.summed and summed)
        mend = self._mending(kernel).run if kernel in signature.watched else None
        together = self._together(kernel, functions) if summed and kernel in signature.batched else None
        core = None if functions else self._core(kernel, form)
        spare = None if functions else self._spare(kernel)
        teams = kernel in signature.teams
        return Runner(signature, form, function, self.loading, functions, mend, together, core, spare, teams)

    def _name(self, kernel: str) -> str:
        return self.signature.id if kernel == "value" else f"{self.signature.id}_{kernel}"

    def _core(self, kernel: str, form: Form) -> Core | None:
        """The function of one item, where the module has one that is compiled."""
        name = self._name(kernel)
        if any(result.shape for result in form.results):
            name = f"_{name}_core" if hasattr(self.module, f"_{name}_core") else f"_{name}"
        function = getattr(self.module, name, None)
        if not hasattr(function, "overloads"):
            return None
        tensors = self.signature.inputs + form.extras
        return Core(function, tensors, form.results, watched=kernel in self.signature.watched)

    def _spare(self, kernel: str) -> Spare | None:
        """The results of a kernel that can be left out, if there are any."""
        numbers = self.signature.optional.get(kernel)
        package = self.module.__name__.split(".")[0]

        def load() -> Any:
            with self.loading():
                return import_module(f"{package}._vector.unwanted").Unwanted

        return Spare(numbers, load) if numbers else None

    def _mending(self, kernel: str) -> Mending:
        return Mending(self.signature, kernel, partial(self._beside, WIDE), self.loading)

    def _together(self, kernel: str, functions: tuple[Any, ...]) -> Together:
        return Together(self.signature, kernel, partial(self._beside, BATCHED), self.loading, functions)

    def _beside(self, folder: str) -> ModuleType:
        """The record's module in a folder beside its own."""
        package, _, name = self.module.__name__.rpartition(".")
        with self.loading():
            return import_module(f"{package}.{folder}.{name}")
