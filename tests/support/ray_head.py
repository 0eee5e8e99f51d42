"""Starts the head of a Ray cluster, or a machine that joins one, and stays until it is ended.

    python ray_head.py --head --port 6399 --num-cpus 2 --temp-dir FOLDER

The arguments are those of `ray start`, whose limits of time a busy machine does not keep.
"""

from __future__ import annotations

import inspect
import os
import sys
import time
from types import ModuleType

SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_worker_register_timeout_seconds": "600",
    "RAY_health_check_initial_delay_ms": "600000",
    "RAY_health_check_timeout_ms": "600000",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
}
_START_S = 600


def main() -> None:
    """Starts it, in the foreground."""
    os.environ |= {**SETTINGS, **os.environ}
    from ray._private import services
    from ray.scripts.scripts import cli

    get_node = services.get_node

    def patient(*arguments: object, **named: object) -> object:
        until = time.monotonic() + _START_S
        while True:
            try:
                return get_node(*arguments, **named)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    services.get_node = patient
    _foresee_ports(services)
    asked = ["start", "--block", "--disable-usage-stats", *sys.argv[1:]]
    cli(asked if "--address" in sys.argv else [*asked, "--include-dashboard=false"])


def _foresee_ports(services: ModuleType) -> None:
    """Write the ports of the agents, which are given, where a raylet waits 15 seconds for them."""
    from ray import _raylet

    given = {
        _raylet.METRICS_EXPORT_PORT_NAME: "--metrics-export-port",
        _raylet.METRICS_AGENT_PORT_NAME: "--dashboard-agent-grpc-port",
        _raylet.DASHBOARD_AGENT_LISTEN_PORT_NAME: "--dashboard-agent-listen-port",
        _raylet.RUNTIME_ENV_AGENT_PORT_NAME: "--runtime-env-agent-port",
    }
    start = services.start_raylet
    signature = inspect.signature(start)

    def start_raylet(*arguments: object, **named: object) -> object:
        values = signature.bind(*arguments, **named).arguments
        for name, option in given.items():
            port = int(sys.argv[sys.argv.index(option) + 1])
            _raylet.persist_port(values["session_dir"], values["node_id"], name, port)
        return start(*arguments, **named)

    services.start_raylet = start_raylet


if __name__ == "__main__":
    main()
