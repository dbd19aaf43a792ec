"""Trade finance: amount served to credit that is really additional, to exports, losses and cost."""

from __future__ import annotations

from analysis.scenarios.steps import COSTS, TAKE_UP, YEARLY, Step

STEPS: tuple[Step, ...] = (
    TAKE_UP,
    Step(
        id="rate_now",
        label="Exchange rate this year",
        formula="exchange_rate * (1 + exchange_drift / hundred) ** (year / one_year)",
        unit="MONEY / USD_2023",
    ),
    Step(
        id="interest_now",
        label="Interest rate this year",
        formula="max(interest_rate + interest_drift * year, 0 * interest_rate)",
        unit="percent / year",
    ),
    Step(
        id="amount_a_year",
        label="Amount served in a year so far",
        formula="amount_served / served_years",
        unit="bn USD_2023 / year",
    ),
    Step(
        id="served",
        label="Amount served in this year through the scheme",
        formula="amount_a_year * thousand * rate_now * covered_share / hundred * take_up / hundred",
        unit=YEARLY,
    ),
    Step(
        id="outstanding",
        label="Credit outstanding at any time",
        formula="served * tenor / months_a_year",
        unit="m MONEY",
    ),
    Step(
        id="additional_credit",
        label="Credit that would not have been given otherwise",
        formula="outstanding * additionality / hundred",
        unit="m MONEY",
    ),
    Step(
        id="exports_gain",
        label="Additional exports (a turnover, not a gain)",
        formula="additional_credit * exports_per_credit * credit_elasticity",
        unit=YEARLY,
        role="memo",
    ),
    Step(
        id="margin_gain",
        label="Profit on the additional exports",
        formula="exports_gain * margin / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="handling",
        label="Handling saved for firms and banks",
        formula="served * handling_saving / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="default_loss",
        label="Expected loss on the additional credit",
        formula="additional_credit * default_rate / hundred * loss_given_default / hundred",
        unit=YEARLY,
        role="cost",
        who="banks",
    ),
    Step(
        id="interest_paid",
        label="Interest on the additional credit (already out of the profit)",
        formula="additional_credit * interest_now / hundred",
        unit=YEARLY,
        role="memo",
    ),
    Step(
        id="relief",
        label="Cheaper credit for the firms served (from banks, a transfer)",
        formula="outstanding * rate_relief / hundred",
        unit=YEARLY,
        role="transfer",
        who="traders",
        payer="banks",
    ),
    Step(
        id="guarantee",
        label="Expected guarantee payments less fees (a transfer)",
        formula="outstanding * guaranteed_share / hundred"
        " * (default_rate * loss_given_default / hundred - guarantee_fee) / hundred",
        unit=YEARLY,
        role="transfer",
        who="banks",
        payer="government",
    ),
    Step(
        id="firms",
        label="Firms served in a year, at the national amount per firm",
        formula="amount_a_year * thousand * covered_share / hundred * take_up / hundred"
        " / amount_per_firm",
        unit="firm / year",
        role="memo",
    ),
    Step(
        id="survivors",
        label="Exporters that survive because of it",
        formula="firms * survival_gain / hundred",
        unit="firm / year",
        role="memo",
    ),
    *COSTS,
)
