"""The only room that opens files: from the data folder to declarations and checked tables."""

from analysis.catalog.files import find_root
from analysis.catalog.forms import write_templates
from analysis.catalog.intake.checking import check_supplied
from analysis.catalog.intake.quality import load_quality
from analysis.catalog.new import new_reform
from analysis.catalog.opening import open_sources
from analysis.catalog.project import Inventory, check_project
from analysis.catalog.reforms import (
    clearance_figures,
    cohorts_of,
    list_claims,
    list_reforms,
    load_reform,
    load_study,
    read_cohorts,
    studies,
)
from analysis.catalog.released import RELEASED, read_released, write_released
from analysis.catalog.results import read_results
from analysis.catalog.scenarios import list_scenarios, load_scenario, load_scenarios
from analysis.catalog.simulated import write_many, write_simulated
from analysis.catalog.staging import stage_data
from analysis.catalog.tables import (
    Shelf,
    load_facts,
    load_parameters,
    load_shelf,
    load_source,
    load_sources,
    load_vocabulary,
    read_table,
)

__all__ = [
    "RELEASED",
    "Inventory",
    "Shelf",
    "check_project",
    "check_supplied",
    "clearance_figures",
    "cohorts_of",
    "find_root",
    "list_claims",
    "list_reforms",
    "list_scenarios",
    "load_facts",
    "load_parameters",
    "load_quality",
    "load_reform",
    "load_scenario",
    "load_scenarios",
    "load_shelf",
    "load_source",
    "load_sources",
    "load_study",
    "load_vocabulary",
    "new_reform",
    "open_sources",
    "read_cohorts",
    "read_released",
    "read_results",
    "read_table",
    "stage_data",
    "studies",
    "write_many",
    "write_released",
    "write_simulated",
    "write_templates",
]
