"""The relations that readers asked for stand in the collection as claims; verification proves or tests each of them."""

from __future__ import annotations

from functools import cache

import pytest
from own_records import CATALOG

from eqc.relations.web import Web, read_web

# What follows, from what, for each relation that was asked for.
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "relative entropy is cross-entropy less entropy": ("cross_entropy", ("entropy", "kl_divergence")),
    "perplexity is the exponential of cross-entropy": ("perplexity", ("negative_log_likelihood",)),
    "the slope of softplus is the sigmoid": ("softplus", ("sigmoid",)),
    "tanh z is 2 sigmoid(2 z) - 1": ("tanh", ("sigmoid",)),
    "binary cross-entropy is Bernoulli's": (
        "bce_equals_bernoulli_nll",
        ("bernoulli_pmf", "binary_cross_entropy_sample"),
    ),
    "mean squared error is Gaussian": ("mean_squared_error", ("gaussian_pdf",)),
    "Jensen-Shannon by Kullback-Leibler": ("kl_divergence", ("jensen_shannon_divergence",)),
    "gradient of cross-entropy and softmax": ("softmax_cross_entropy_logit_gradient", ("softmax",)),
    "log-softmax by log-sum-exp": ("log_softmax", ("log_sum_exp",)),
    "ridge is maximum a posteriori": ("ridge_penalty", ("gaussian_pdf",)),
    "hinge loss and rectifier": ("hinge_loss", ("relu",)),
    "weighted hinge loss": ("weighted_hinge_loss", ("hinge_loss",)),
    "batch normalisation of the other axis": ("batch_norm", ("layer_norm",)),
    "kernel ridge with the linear kernel": ("normal_equation", ("kernel_ridge_regression", "linear_kernel")),
    "the posterior of diffusion is Bayes on its steps": (
        "ddpm_reverse_posterior",
        ("diffusion_forward_step", "gaussian_pdf"),
    ),
}

# Relations of a record to itself with other arguments, by words of the claim's name.
WITHIN: dict[str, str] = {
    "scaled_dot_product_attention": "with one key",
    "cross_correlation_2d": "flipped kernel",
}


@cache
def web() -> Web:
    return read_web(CATALOG)[0]


@pytest.mark.parametrize("relation", ASKED)
def test_it_is_claimed(relation: str) -> None:
    conclusion, premises = ASKED[relation]
    claims = [link for link in web().into(conclusion) if link.kind == "claim"]
    assert any(set(premises) <= set(link.premises) for link in claims)


@pytest.mark.parametrize("record", WITHIN)
def test_it_is_claimed_of_the_record_itself(record: str) -> None:
    assert any(WITHIN[record] in claim.name for claim in CATALOG.get(record).claims)


def test_there_are_many() -> None:
    assert sum(link.kind == "claim" for link in web().links) >= 190
