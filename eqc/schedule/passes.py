"""The scheduling passes in their order."""

from __future__ import annotations

from collections.abc import Callable

from eqc.ir.alike import merge_equal
from eqc.ir.program import Program
from eqc.schedule.added_products import add_products
from eqc.schedule.centred import drop_centred
from eqc.schedule.channels import join_channels
from eqc.schedule.choices import choose_by_place
from eqc.schedule.clean import drop_dead, rename_copies
from eqc.schedule.combined import combine_sums
from eqc.schedule.deltas import contract_deltas
from eqc.schedule.exponentials import join_exponentials
from eqc.schedule.factored import share_factors
from eqc.schedule.factors import factor_nested, factor_numbers, factor_sums
from eqc.schedule.gathered import gather
from eqc.schedule.hoist import hoist
from eqc.schedule.inline import inline
from eqc.schedule.long_sums import store_long_sums
from eqc.schedule.masked import share_masked
from eqc.schedule.mirrored import merge_mirrored
from eqc.schedule.nested_sums import nest_sums
from eqc.schedule.placed import tell_places_apart
from eqc.schedule.products import prepare_products
from eqc.schedule.quotients import join_quotients
from eqc.schedule.share import share_functions
from eqc.schedule.shifted import gather_shifted
from eqc.schedule.turned import turn
from eqc.schedule.weighted import weigh_products

PASSES: tuple[tuple[str, Callable[[Program], Program]], ...] = (
    ("drop dead statements", drop_dead),
    ("drop sums of deviations", drop_centred),
    ("factor matrices once", share_factors),
    ("merge equal statements", merge_equal),
    ("merge mirrored sums", merge_mirrored),
    ("tell places apart", tell_places_apart),
    ("inline temporaries", inline),
    ("tell places apart", tell_places_apart),
    ("join exponentials", join_exponentials),
    ("join quotients", join_quotients),
    ("factor numbers", factor_numbers),
    ("factor sums", factor_sums),
    ("combine sums", combine_sums),
    ("rename copies", rename_copies),
    ("contract deltas", contract_deltas),
    ("store long sums", store_long_sums),
    ("share functions in choices", share_masked),
    ("share functions", share_functions),
    ("hoist", hoist),
    ("nest sums", nest_sums),
    ("factor nested sums", factor_nested),
    ("gather", gather),
    ("join channels", join_channels),
    ("gather what is shifted", gather_shifted),
    ("weigh products", weigh_products),
    ("prepare products", prepare_products),
    ("add products", add_products),
    ("turn rows into columns", turn),
    ("merge equal statements", merge_equal),
    ("merge mirrored sums", merge_mirrored),
    ("merge equal statements", merge_equal),
    ("choose by place", choose_by_place),
    ("drop dead statements", drop_dead),
)


def schedule(program: Program) -> Program:
    """All passes in turn."""
    for _, run in PASSES:
        program = run(program)
    return program
