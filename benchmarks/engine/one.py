"""Run one case in this process and print seconds, peak memory and the estimate as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

from benchmarks.engine.cases import CASES, prepare


def main(name: str, path: str) -> None:
    case = CASES[name]
    begun = time.perf_counter()
    prepare(case)
    ready = time.perf_counter()
    busy = time.process_time()
    estimate, error = case.run(path)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "import_seconds": ready - begun,
                "work_seconds": done - ready,
                "cpu_seconds": time.process_time() - busy,
                "peak_mib": peak,
                "estimate": estimate,
                "std_error": error,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
