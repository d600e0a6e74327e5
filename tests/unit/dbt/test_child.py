import subprocess
import sys
from importlib.metadata import version

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


FAILING = """
import time
import types
import dbt.cli.main
from dbt.graph.thread_pool import DbtThreadPool
from dmp_assets.dbt.child import main

def take_up(runner):
    raise TypeError("bad argument")

def build():
    pool = DbtThreadPool(1)
    node = types.SimpleNamespace(original_file_path="models/till.sql", name="till")
    pool.apply_async(take_up, args=[types.SimpleNamespace(node=node)], callback=print)
    time.sleep(60)  # as dbt does, which waits for its callback

dbt.cli.main.cli = build
main()
"""


def test_an_error_that_dbt_never_hears_of_ends_it_with_its_words():
    ended = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "models/till.sql: dbt cannot take up till: TypeError: bad argument" in ended.stdout


TOLD = """
import sys
from dmp_assets.dbt.child import main

sys.argv = ["dmp-dbt", "--version"]
main()
print([name for name in sys.modules if name.partition(".")[0] == "dbt"])
"""


def test_the_version_is_told_without_loading_dbt():
    told = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, timeout=30, check=True)
    assert told.stdout == f"dbt-core {version('dbt-core')}\n[]\n"
