"""A supervisor that does nothing but spool events, for tests that kill it. Prints each id once it is on the disk.

python evidence_supervisor.py SPOOL_FOLDER PERIOD
"""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path

from sitefleet_robot.common.spool import Spool


def main() -> None:
    with Spool(Path(sys.argv[1]), segment_bytes=4096) as spool:
        while True:
            utc, mono = time.time_ns(), time.monotonic_ns()
            record = {
                "event_id": str(uuid.uuid4()),
                "seq": spool.last_seq + 1,
                "event_class": "REMOTE_STOP",
                "robot_id": "r1",
                "t_utc": {"sec": utc // 10**9, "nanosec": utc % 10**9},
                "t_mono_ns": mono,
                "min_separation": None,
            }
            spool.append(record)
            print(record["event_id"], flush=True)
            time.sleep(float(sys.argv[2]))


if __name__ == "__main__":
    main()
