"""What sort of statement an equation is."""

from __future__ import annotations

from collections.abc import Mapping

NATURES: Mapping[str, str] = {
    "function": "a value of some inputs",
    "layer": "a part of a network, from activations and weights to activations",
    "loss": "a number to be made small",
    "update": "the next value of a state",
    "derivative_claim": "a derivative as somebody prints it",
    "identity": "two formulas that are always equal",
    "predicate": "a condition that holds or does not",
    "functional": "a value of some functions",
    "integral": "an area under a function",
    "expectation": "a mean over outcomes or draws",
    "implicit": "what solves an equation",
    "decomposition": "factors of a matrix",
    "optimization": "what makes an objective smallest or largest",
}
"""The natures that a record may state, with their meanings."""
UNSTATED = "unstated"
"""The nature of a record that states none, in tables."""
