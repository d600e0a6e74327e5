import subprocess
import sys

CHILD = """
import time
import dbt.cli.main
from dmp_assets.dbt.child import main

def build():
    print("building", flush=True)
    time.sleep(60)

dbt.cli.main.cli = build
main()
"""


def test_dbt_ends_when_the_process_that_reads_its_output_is_gone():
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline() == "building\n"
    assert child.poll() is None
    child.stdout.close()
    assert child.wait(10) == 1
