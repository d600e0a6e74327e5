"""Time of each layer of a whole build, in seconds: median of several builds of the platform that the settings name."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

DMP = Path(sys.executable).with_name("dmp")
BUILDS = 3


def main() -> None:
    """Build several times and print the medians; the tables must be equal after each build."""
    reports, hashes = [], set()
    for _ in range(BUILDS):
        built = subprocess.run([DMP, "build", "--force", "--json"], capture_output=True, text=True, check=True)
        reports.append(json.loads(built.stdout))
        hashes.add(subprocess.run([DMP, "hash"], capture_output=True, text=True, check=True).stdout)
    print(f"Whole build, median of {BUILDS}, seconds (nothing new to load):")
    for layer in reports[0]["work_seconds"]:
        print(f"  {layer:15} {statistics.median(report['work_seconds'][layer] for report in reports):6.1f}")
    print(f"  {'orchestration':15} {statistics.median(report['orchestration_seconds'] for report in reports):6.1f}")
    print(f"  {'wall time':15} {statistics.median(report['seconds'] for report in reports):6.1f}")
    print(f"  different sets of tables: {len(hashes)} (1 means that every build gave the same)")


if __name__ == "__main__":
    main()
