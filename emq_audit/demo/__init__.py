"""The demo: one week of an invented Danish web shop in two logs, with faults planted at known rates.

    people → visits → events (shop.py) → two logs (logs.py) → faults (faults.py) → files and their manifest

The same seed gives the same bytes. Standard library only; no network.
"""

from pathlib import Path
from random import Random

from emq_audit.demo.faults import FAULTS, plant_all
from emq_audit.demo.logs import BROWSER_FILE, SERVER_FILE, both_sides, write
from emq_audit.demo.manifest import Manifest, take_stock
from emq_audit.demo.shop import week

__all__ = ["BROWSER_FILE", "FAULTS", "MANIFEST_FILE", "SEED", "SERVER_FILE", "Manifest", "write_demo"]

SEED = 20261109
MANIFEST_FILE = "manifest.json"


def write_demo(folder: Path) -> Manifest:
    """Write the two logs and manifest.json into `folder`, made if need be; what they hold is returned."""
    dice = Random(SEED)
    rows = plant_all(both_sides(week(dice), dice), dice)
    manifest = take_stock(rows, shop="Fjord & Fyr", seed=SEED)
    folder.mkdir(parents=True, exist_ok=True)
    write(rows, folder)
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return manifest
