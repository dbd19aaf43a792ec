"""The only room that opens files: from the data folder to declarations and checked tables."""

from analysis.catalog.files import find_root
from analysis.catalog.new import new_reform
from analysis.catalog.project import Inventory, check_project
from analysis.catalog.reforms import (
    clearance_figures,
    list_claims,
    list_reforms,
    load_reform,
    load_study,
    cohorts_of,
    read_cohorts,
    studies,
)
from analysis.catalog.results import read_results
from analysis.catalog.scenarios import list_scenarios, load_scenario, load_scenarios
from analysis.catalog.simulated import write_many, write_simulated
from analysis.catalog.staging import stage_data
from analysis.catalog.tables import (
    Shelf,
    load_shelf,
    load_facts,
    load_parameters,
    load_source,
    load_sources,
    load_vocabulary,
    read_table,
)

__all__ = [
    "Inventory",
    "Shelf",
    "check_project",
    "clearance_figures",
    "cohorts_of",
    "find_root",
    "list_claims",
    "list_reforms",
    "list_scenarios",
    "load_facts",
    "load_parameters",
    "load_reform",
    "load_scenario",
    "load_scenarios",
    "load_shelf",
    "load_source",
    "load_sources",
    "load_study",
    "load_vocabulary",
    "new_reform",
    "read_cohorts",
    "read_results",
    "read_table",
    "stage_data",
    "studies",
    "write_many",
    "write_simulated",
]
