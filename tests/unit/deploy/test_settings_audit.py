"""The settings of the cluster, judged by the gateway's own audit."""

import os
import subprocess
import sys

from deploy.local.process import REPOSITORY
from tests.unit.deploy.manifests import all_of

# None of these is asked anything: the audit reads settings.
SECRETS = {
    "SECRET_KEY": "a key of forty characters, for this test alone 7Qx",
    "DATABASE_URL": "postgres://shop:9vLrW2kq@db.example:5432/shop?sslmode=verify-full",
    "REDIS_URL": "rediss://:Tz81mHbe@redis.example:6379/0",
    "EMAIL_URL": "smtp+tls://shop:uP4cXn6y@mail.example:587",
}


def test_the_audit_finds_nothing_to_warn_of() -> None:
    """With as many gateways as there may be during a rolling update at the busiest hour."""
    spec = all_of("HorizontalPodAutoscaler")["gateway"]["spec"]
    told = all_of("ConfigMap")["settings"]["data"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    plain = {name: value for name, value in told.items() if not name.endswith("_FILE")}
    most = str(spec["maxReplicas"] + 1)
    done = subprocess.run(
        [sys.executable, "manage.py", "audit", "--strict", "--replicas", most],
        env=kept | plain | SECRETS,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
